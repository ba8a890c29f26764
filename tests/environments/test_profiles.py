"""Profiles of executors that are not run here: their keys, and rules and sizes that are in them."""

import re

import pytest
import yaml
from workflow.runner import ROOT

#: text of every rule, from its name on
PARTS = [
    part
    for file in (ROOT / "workflow" / "rules").glob("*.smk")
    for part in re.split(r"(?m)^ *(?:rule|checkpoint) ", file.read_text())[1:]
]
RULES = {part.split(":")[0] for part in PARTS}
GPU = {"train", "embed_cells", "impute", "predict", "match", "reconstruct", "saliency"}
#: options of Snakemake 9.27 that a profile here may set
SNAKEMAKE = {
    "executor", "jobs", "container-image", "default-storage-provider", "default-storage-prefix",
    "storage-gcs-project",
    "rerun-incomplete", "show-failed-logs", "retries", "default-resources", "set-resources",
    "set-threads",
}  # fmt: skip
#: by folder: the executor, the resource by which it asks for a GPU, and options of its plugin
#: (kubernetes 0.5.1, aws-batch 0.2.1, googlebatch 0.5.1)
PLUGINS = {
    "kubernetes": ("kubernetes", {"gpu_manufacturer": "nvidia"}, {
        "namespace", "cpu-scalar", "service-account-name", "privileged", "persistent-volumes",
        "omit-job-cleanup",
    }),
    "aws-batch": ("aws-batch", {"_gpus": 1}, {
        "region", "job-queue", "job-role", "tags", "task-timeout",
    }),
    "google-batch": ("googlebatch", {"nvidia_gpu": 1}, {
        "project", "region", "container", "docker-password", "docker-username", "machine-type",
        "labels", "image-family", "image-project", "work-tasks", "cpu-milli", "boot-disk-gb",
        "network", "subnetwork", "service-account", "boot-disk-type", "boot-disk-image",
        "work-tasks-per-node", "memory", "mount-path", "retry-count", "max-run-duration",
        "snippets",
    }),
}  # fmt: skip
#: what AWS Batch's plugin takes: cores by memory (its constant VALID_RESOURCES_MAPPING)
FARGATE = {
    **{1024 * gb: {1} for gb in (2, 3)}, **{1024 * gb: {1, 2} for gb in (4, 5, 6, 7)},
    8192: {1, 2, 4}, **{1024 * gb: {2, 4} for gb in range(9, 16)}, 16384: {2, 4, 8},
    20480: {4, 8}, 24576: {4, 8}, 28672: {4, 8}, 32768: {8, 16},
}  # fmt: skip


def profile(name: str) -> dict:
    return yaml.safe_load((ROOT / "profiles" / name / "config.yaml").read_text())


@pytest.mark.parametrize("name", PLUGINS)
def test_keys_are_known(name):
    executor, _, options = PLUGINS[name]
    settings = profile(name)
    assert settings["executor"] == executor
    assert set(settings) <= SNAKEMAKE | {f"{executor}-{option}" for option in options}
    rules = {*settings.get("set-resources", {}), *settings.get("set-threads", {})}
    assert rules <= RULES


@pytest.mark.parametrize("name", PLUGINS)
def test_jobs_that_use_a_gpu_ask_for_one(name):
    _, asked, _ = PLUGINS[name]
    given = profile(name)["set-resources"]
    for rule in GPU:
        assert asked.items() <= given[rule].items()
    assert not any(asked.keys() & given[rule].keys() for rule in given.keys() - GPU)


def test_aws_batch_has_no_size_that_its_plugin_would_shrink():
    """A request that is none of these would get the least memory there is."""
    settings = profile("aws-batch")
    own = {}
    for part in PARTS:
        found = re.search(r"\n *threads: (\d+)", part)
        own[part.split(":")[0]] = int(found[1]) if found else 1
    for rule, given in settings["set-resources"].items():
        threads = settings["set-threads"].get(rule, own[rule])
        assert threads in FARGATE[given["mem_mb"]], rule
    assert settings["aws-batch-task-timeout"] > 3600
