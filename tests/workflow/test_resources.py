"""What jobs ask for, by the size of the data; how they are packed into jobs of a cluster."""

import re
from collections import Counter

import h5py
import numpy as np
import pytest
import yaml
from multiome2vec.costs.table import read_table
from workflow.runner import CONFIGS, ROOT, snakemake

TABLE = ROOT / "workflow" / "resources.tsv"
SLURM = ROOT / "profiles" / "slurm"
GENOME, GENES, PEAKS = 3_100_000_000, 36_601, 150_000
PER_CELL = {"genes": 2_000, "peaks": 6_000, "fragments": 20_000}
TARGETS = {"all", "fetch_all"}
JOB = re.compile(r"^ *(?:local)?rule (\w+):\n((?: +[^\s\[].*\n)+)", re.MULTILINE)


def rules() -> dict[str, str]:
    """Text of every rule that has a job."""
    found = {}
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        blocks = re.split(
            r"^ *(?:rule|use rule \w+ as) (\w+)(?: with)?:", path.read_text(), flags=re.MULTILINE
        )
        found |= dict(zip(blocks[1::2], blocks[2::2], strict=True))
    return {name: text for name, text in found.items() if "log:" in text}


def sparse_file(path, size: int):
    """File of a size that takes no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)


def sparse_matrix(path, cells: int):
    """10x matrix whose head says its size, without values."""
    entries = cells * (PER_CELL["genes"] + PER_CELL["peaks"])
    kinds = [b"Gene Expression"] * GENES + [b"Peaks"] * PEAKS
    with h5py.File(path, "w") as file:
        matrix = file.create_group("matrix")
        matrix["shape"] = [GENES + PEAKS, cells]
        for name in ("data", "indices"):
            matrix.create_dataset(name, (entries,), np.int32, chunks=(1 << 16,))
        indices = np.arange(1 << 20) % 4 // 3 * GENES  # of four entries, three are of peaks
        matrix["indices"][: 1 << 20] = GENES - indices
        matrix["features/feature_type"] = np.array(kinds)


def dataset(folder, *, cells: int, samples: int):
    """Configuration of a dataset of ARC runs of a human, with files of realistic size."""
    (folder / "data").mkdir(parents=True)
    rows = ["sample\trna\trna_kind\tfragments\tcondition"]
    for i in range(samples):
        sparse_matrix(folder / f"data/{i}.h5", cells // samples)
        fragments = 10 * PER_CELL["fragments"] * cells // samples
        sparse_file(folder / f"data/{i}.tsv.gz", fragments)
        rows.append(f"s{i}\tdata/{i}.h5\t10x_h5\tdata/{i}.tsv.gz\t{'ab'[i % 2]}")
    sparse_file(folder / "data/genome.fa", GENOME)
    for name in ("genes.gtf.gz", "blacklist.bed"):
        sparse_file(folder / f"data/{name}", 1000)
    (folder / "mine.samples.tsv").write_text("\n".join(rows) + "\n")
    config = {
        "dataset": "mine",
        "datasets": {"mine": {"samples": "mine.samples.tsv", "assembly": "human"}},
        "assemblies": {
            "human": {
                "fasta": "data/genome.fa",
                "gtf": "data/genes.gtf.gz",
                "blacklist": "data/blacklist.bed",
            }
        },
    }
    (folder / "mine.yaml").write_text(yaml.safe_dump(config))
    return folder


def dry_run(folder, *args: str) -> str:
    config = folder / "mine.yaml" if (folder / "mine.yaml").exists() else None
    done = snakemake(folder, "-n", *args, config=config)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def requests(text: str) -> dict[str, tuple[int, int]]:
    """Memory (MB) and run time (min) of the largest job of every rule of a dry run."""
    found = {}
    for rule, block in JOB.findall(text):
        if rule not in TARGETS:
            asked = tuple(
                int(re.search(rf"\b{name}=(\d+)", block)[1]) for name in ("mem_mb", "runtime")
            )
            found[rule] = max(found.get(rule, (0, 0)), asked)
    return found


@pytest.fixture(scope="module")
def planned(tmp_path_factory) -> dict[int, str]:
    """Dry runs with the SLURM profile by number of cells."""
    top = tmp_path_factory.mktemp("sizes")
    of = {cells: dataset(top / str(cells), cells=cells, samples=4) for cells in (10_000, 100_000)}
    return {cells: dry_run(folder, "--profile", str(SLURM)) for cells, folder in of.items()}


def test_every_rule_has_a_line_in_the_table():
    assert set(read_table(TABLE)) == set(rules())
    for name, text in rules().items():
        if "threads:" in text:  # else it is another rule with changes
            assert "mem_mb=job_memory," in text, name
            assert "runtime=job_minutes," in text, name
        assert not re.search(r"^ +(retries|group):", text.replace("    retries: 1\n", ""), re.M), (
            name
        )


def test_requests_for_100000_cells_are_sensible(planned):
    large = requests(planned[100_000])
    assert {"annotate_rna", "count_regions", "topic_model", "deviations", "train"} <= set(large)
    for rule, (mb, minutes) in large.items():
        assert 500 <= mb <= 128_000, (rule, mb)
        assert 5 <= minutes <= 72 * 60, (rule, minutes)
    needed = {"multiome": 10_000, "count_regions": 10_000, "topic_model": 10_000}
    for rule, least in needed.items():  # 200 million entries of RNA, 600 million of ATAC or more
        assert large[rule][0] >= least, rule


def test_requests_grow_with_the_data(planned):
    small, large = requests(planned[10_000]), requests(planned[100_000])
    assert set(small) == set(large)
    for rule in small:
        assert large[rule][0] >= small[rule][0], rule
        assert large[rule][1] >= small[rule][1], rule
    grown = [rule for rule in small if large[rule][0] >= 3 * small[rule][0]]
    assert {"annotate_rna", "count_regions", "multiome", "topic_model"} <= set(grown)


def test_further_attempts_ask_for_twice_as_much_up_to_the_limit(tmp_path):
    folder = dataset(tmp_path, cells=10_000, samples=1)
    plain = requests(dry_run(folder))
    again = requests(dry_run(folder, "--attempt", "2", "--resources", "mem_mb=4000"))
    for rule, (mb, minutes) in plain.items():
        assert again[rule] == (min(2 * mb, 4_000), 2 * minutes), rule
    assert max(mb for mb, _ in plain.values()) > 2_000


def test_requests_rerun_nothing(tiny):
    done = snakemake(
        tiny, "-n", "--set-resources", "topic_model:mem_mb=5000", "train:runtime=77",
        "--default-resources", "mem_mb=3000", config=CONFIGS / "tiny.yaml",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Nothing to be done" in done.stdout + done.stderr


def test_the_tiny_run_fits_small_nodes(tiny):
    text = snakemake(tiny, "-n", "--forceall", config=CONFIGS / "tiny.yaml").stdout
    asked = requests(text)
    assert len(asked) > 50
    assert max(mb for mb, _ in asked.values()) <= 2_000
    assert max(minutes for _, minutes in asked.values()) <= 30


def submitted(text: str) -> Counter:
    """Jobs of a cluster in a dry run: groups and single rules."""
    groups = re.findall(r"Group job (\w+) ", text)
    single = re.findall(r"^rule (\w+):", text, re.MULTILINE)
    return Counter(name for name in groups + single if name not in TARGETS)


def test_short_rules_share_jobs_of_a_cluster(tmp_path, planned):
    demo = dry_run(tmp_path, "--profile", str(SLURM))
    n_rules = len([rule for rule, _ in JOB.findall(demo) if rule not in TARGETS])
    jobs = submitted(demo)
    told = (ROOT / "profiles" / "README.md").read_text()
    assert f"the demo is {sum(jobs.values())} SLURM jobs instead of {n_rules}." in told
    assert jobs["report"] == jobs["reference"] == jobs["tables"] == 1
    assert jobs["sample"] == 2
    assert submitted(planned[100_000])["sample"] == 4


def groups() -> dict[str, str]:
    return yaml.safe_load((SLURM / "config.yaml").read_text())["groups"]


def test_the_profile_names_rules_that_exist():
    assert set(groups()) <= set(rules())
    profile = yaml.safe_load((SLURM / "config.yaml").read_text())
    assert set(profile["group-components"]) <= set(groups().values())
    assert "set-resources" not in profile  # partitions follow from what a job asks for


def test_rules_with_a_gpu_are_grouped_among_themselves():
    gpu = {name for name, text in rules().items() if "gpu=job_gpus()" in text}
    assert gpu == {"train", "embed_cells", "impute", "predict", "match", "reconstruct", "saliency"}
    gpu.remove("train")  # a group that fails starts anew, and a training takes hours
    assert "train" not in groups()
    of_gpu = {groups()[name] for name in gpu}
    assert {name for name, group in groups().items() if group in of_gpu} == gpu


def test_one_gpu_for_each_group_and_none_without_one(tmp_path):
    def gpus(text: str) -> set[str]:
        blocks = dict(JOB.findall(text))
        return set(re.findall(r"\bgpu=(\d)", blocks["train"] + blocks["match"]))

    assert gpus(dry_run(tmp_path)) == {"1"}
    (tmp_path / "mine.yaml").write_text("training: {device: cpu}\n")
    assert gpus(dry_run(tmp_path)) == {"0"}


def test_one_machine_runs_one_gpu_job_at_a_time(tmp_path):
    """Unless told otherwise; on a cluster there is no such limit."""
    provided = {}
    for name, args in {
        "local": ["--cores", "2"],
        "two": ["--cores", "2", "--resources", "gpu=2"],
    }.items():
        done = snakemake(tmp_path, "preflight", *args)
        assert done.returncode == 0, done.stderr
        provided[name] = re.search(r"Provided resources: (.*)", done.stderr)[1]
    assert re.search(r"gpu\D+1\b", provided["local"])
    assert re.search(r"gpu\D+2\b", provided["two"])


def test_every_partition_of_the_profile_is_one_that_jobs_can_be_sent_to():
    from snakemake_executor_plugin_slurm.partitions import read_partition_file

    found = {one.name: one.limits for one in read_partition_file(SLURM / "partitions.yaml")}
    assert set(found) == {"cpu", "gpu"}
    assert (found["cpu"].max_gpu, found["gpu"].max_gpu) == (0, 1)
