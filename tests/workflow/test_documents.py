"""What the documents say: no gaps, links and commands that are good, all results."""

import re
import shlex
import textwrap

import pytest
import yaml
from multiome2vec.cli import _parser
from multiome2vec.config import load_schema, validate_config
from multiome2vec.io.catalogue import read_catalogue
from workflow.runner import ROOT

SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for depth in ("*.md", "[!.]*/*.md")
    for path in ROOT.glob(depth)
)
REFERENCE = re.compile(r"resources/downloads/references/(\w+)/(\S+)")
#: outputs that are logs, so that they stay when the rule fails
LOGS = {"preflight.tsv"}


def read(document: str) -> str:
    return (ROOT / document).read_text()


def blocks(language: str) -> list[tuple[str, str]]:
    """Document and text of its blocks of code."""
    block = re.compile(rf"(?ms)^ *```{language}\n(.*?)^ *```$")
    return [
        (document, textwrap.dedent(text))
        for document in DOCUMENTS
        for text in block.findall(read(document))
    ]


def expand(text: str) -> list[str]:
    """Names that a name with braces stands for, as in a shell."""
    braces = re.search(r"\{([^{}]*)\}", text)
    if not braces:
        return [text]
    parts = braces[1].split(",")
    return [one for part in parts for one in expand(text.replace(braces[0], part, 1))]


def anchors(document: str) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.*)", read(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_nothing_is_left_to_fill_in(document):
    assert re.findall(r"^[A-Z][A-Z0-9_ ]+$", read(document), re.MULTILINE) == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", read(document)):
        path, _, anchor = link.partition("#")
        target = (ROOT / document).parent / path if path else ROOT / document
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.resolve().relative_to(ROOT.resolve())), link


def test_commands_are_understood():
    lines = [
        line
        for _, text in blocks("bash")
        for line in text.replace("\\\n", " ").splitlines()
        if line.startswith("python -m multiome2vec ")
    ]
    assert len(lines) > 10
    for line in lines:
        _parser().parse_args(shlex.split(line, comments=True)[3:])


def test_configurations_are_valid():
    found = blocks("yaml")
    assert {document for document, _ in found} >= {"README.md", "docs/models.md"}
    rows = read_catalogue(ROOT / "resources" / "references.tsv")
    references = set(zip(rows["assembly"], rows["file"], strict=True))
    for _, text in found:
        assert set(REFERENCE.findall(text)) <= references
        config = yaml.safe_load(read("config.yaml"))
        config["assemblies"]["hg38"] = {}
        for section, value in yaml.safe_load(text).items():
            merged = config[section] | value if isinstance(value, dict) else value
            config[section] = merged
        validate_config(config, load_schema(SCHEMA))


def rule_outputs() -> set[str]:
    """Outputs of all rules below results/{dataset}, without those that are temporary."""
    found = set()
    for path in (ROOT / "workflow" / "rules").glob("*.smk"):
        for _, text in re.findall(r"(?m)^( +)output:\n((?:\1 +.*\n)+)", path.read_text()):
            found |= set(re.findall(r'(?<!temp\(directory\()"results/\{dataset\}/(.+?)"', text))
    return found


def same(output: str, path: str) -> bool:
    """Whether a path of a document is that of an output, or of a folder around it."""
    parts, told = output.split("/"), path.rstrip("/").split("/")
    pattern = [re.sub(r"\\\{\w+\\\}", ".+", re.escape(part)) for part in parts]
    return (len(parts) == len(told) or (path.endswith("/") and len(parts) > len(told))) and all(
        re.fullmatch(one, name) for one, name in zip(pattern, told, strict=False)
    )


def test_results_are_those_of_the_rules():
    rows = re.findall(r"^\| (`[^|]+?`): ", read("docs/outputs.md"), re.MULTILINE)
    told = {path for row in rows for one in re.findall(r"`(.+?)`", row) for path in expand(one)}
    outputs = rule_outputs()
    assert len(outputs) > 80
    assert {one for one in outputs if not any(same(one, path) for path in told)} == set()
    assert {path for path in told if not any(same(one, path) for one in outputs)} == LOGS
    short = re.findall(r"^\| (`[^|]+?`: .*)", read("README.md"), re.MULTILINE)
    assert len(short) > 8
    assert all(f"| {row}".replace("](", "](../") in read("docs/outputs.md") for row in short)
