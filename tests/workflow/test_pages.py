"""Tables and texts as pages of the report: each has a caption that is its own."""

from pathlib import Path
from types import SimpleNamespace

import yaml
from docutils.core import publish_parts
from jinja2 import Environment, StrictUndefined
from workflow.runner import ROOT

#: what targets.smk asks of a dataset
ASKED = (
    "has_rna", "has_atac", "has_motif", "has_gene_activity", "has_counts_rna", "has_pairs",
    "has_conditions", "has_replicates", "is_bridged",
)  # fmt: skip


def pages() -> dict[str, tuple[str, str, str]]:
    """File, category and title of every page, by name: PAGES of a dataset that has everything."""
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    names = {
        **dict.fromkeys(ASKED, lambda: True), "config": config, "DATASET": "mine",
        "MODELS": {"trivae": ["rna", "atac", "motif"]}, "SEEDS": [0], "BASELINES": [],
        "REGION_CALLER": "macs3", "Path": Path,
    }  # fmt: skip
    text = (ROOT / "workflow" / "rules" / "inputs" / "targets.smk").read_text()
    exec(compile(text, "targets.smk", "exec"), names)
    return names["PAGES"]


def caption(page: str, source: str) -> str:
    """Text of a page's caption, without the last line, which names the file."""
    template = (ROOT / "workflow" / "report" / "page.rst").read_text()
    job = SimpleNamespace(
        wildcards=SimpleNamespace(page=page), input=SimpleNamespace(source=source)
    )
    text = Environment(undefined=StrictUndefined).from_string(template).render(snakemake=job)
    strict = {"halt_level": 2}  # warnings of reStructuredText are errors
    assert source in publish_parts(text, writer="html", settings_overrides=strict)["body"]
    return text.rpartition("The file is ")[0].strip()


def test_every_page_has_a_caption_of_its_own():
    captions = {page: caption(page, source) for page, (source, _, _) in pages().items()}
    conditions = {"composition_tests", "gene_summary", "region_summary"}
    assert {"preflight", "tasks", "left_out", *conditions} <= set(captions)
    assert [page for page, text in captions.items() if not text] == []
    assert len(set(captions.values())) == len(captions)
