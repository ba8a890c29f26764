"""Tables of downloadable files."""

from pathlib import Path

import pytest
import yaml
from multiome2vec.errors import UserError
from multiome2vec.io.catalogue import archive_suffix, catalogue_entries, read_catalogue

ROOT = Path(__file__).resolve().parents[3]
HEAD = ("dataset", "file", "url", "size", "sha256", "licence", "date", "note", "archive")
GOOD = {"dataset": "set", "file": "a.h5", "url": "https://x.org/a.h5"}


def table(path, *rows: dict, head=HEAD) -> Path:
    lines = ["\t".join(head), *("\t".join(row.get(name, "") for name in head) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_entries_of_datasets_and_references(tmp_path):
    tar = GOOD | {"file": "a.tar.gz", "url": "https://x.org/a ftp://x.org/a", "size": "12"}
    member = {"dataset": "set", "file": "rna/m.gz", "archive": "a.tar.gz", "note": "member: x/y.gz"}
    plain = {"dataset": "set", "file": "n.tsv", "archive": "a.tar.gz", "note": "of donor 1"}
    datasets = table(tmp_path / "d.tsv", tar, member, plain)
    head = ("assembly", *HEAD[1:], "md5")
    genome = {"assembly": "hg38", "file": "g.fa.gz", "url": "file:///g.fa.gz", "md5": "0" * 32}
    references = table(tmp_path / "r.tsv", genome, head=head)
    found = catalogue_entries([datasets], [references])
    assert list(found) == ["set/a.tar.gz", "set/rna/m.gz", "set/n.tsv", "references/hg38/g.fa.gz"]
    assert found["set/a.tar.gz"].urls == ("https://x.org/a", "ftp://x.org/a")
    assert found["set/a.tar.gz"].size == 12
    assert found["set/rna/m.gz"].archive == "set/a.tar.gz"
    assert found["set/rna/m.gz"].member == "x/y.gz"
    assert found["set/n.tsv"].member == "n.tsv"
    assert found["set/n.tsv"].size is None
    assert found["references/hg38/g.fa.gz"].md5 == "0" * 32


def test_a_later_table_wins(tmp_path):
    first = table(tmp_path / "1.tsv", GOOD)
    second = table(tmp_path / "2.tsv", GOOD | {"url": "https://y.org/a.h5"})
    assert catalogue_entries([first, second], [])["set/a.h5"].urls == ("https://y.org/a.h5",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"url": "www.x.org/a.h5"}, "row 2: url 'www.x.org/a.h5' is none"),
        ({"url": "https:///a.h5"}, "url 'https:///a.h5' is none"),
        ({"url": "https://x.org/a s3://b/a"}, "url 's3://b/a' is none"),
        ({"url": ""}, "'a.h5' needs either a url or the archive"),
        ({"archive": "a.h5"}, "'a.h5' needs either a url or the archive"),
        ({"url": "", "archive": "b.tar"}, "archive 'b.tar' is no file of the same dataset"),
        ({"size": "12 MB"}, "size '12 MB' is not a number of bytes"),
        ({"size": "0"}, "size '0' is not"),
        ({"sha256": "abc"}, "sha256 'abc' is not 64 lower-case hexadecimal digits"),
        ({"sha256": "A" * 64}, "sha256 'A"),
        ({"date": "May 2021"}, "date 'May 2021' is not a date"),
        ({"file": "../a.h5"}, "file '../a.h5' is no relative path"),
        ({"file": "/a.h5"}, "file '/a.h5' is no relative path"),
        ({"file": "x//a.h5"}, "file 'x//a.h5' is no relative path"),
        ({"file": ""}, "file '' is no relative path"),
        ({"dataset": "a/b"}, "dataset 'a/b' cannot be the name of a folder"),
        ({"dataset": "references"}, "dataset 'references' cannot be"),
    ],
)
def test_mistakes_are_named_with_their_row(tmp_path, change, message):
    with pytest.raises(UserError, match="is not valid") as error:
        read_catalogue(table(tmp_path / "t.tsv", GOOD | change))
    assert message in str(error.value)


def test_repeated_files_and_archives_that_cannot_be_opened(tmp_path):
    with pytest.raises(UserError, match="row 3: set a.h5 is in row 2 already"):
        read_catalogue(table(tmp_path / "t.tsv", GOOD, GOOD))
    member = {"dataset": "set", "file": "m", "archive": "a.h5"}
    with pytest.raises(UserError, match=r"archive 'a.h5' is none that can be opened \(.tar"):
        read_catalogue(table(tmp_path / "t.tsv", GOOD, member))
    nested = {"dataset": "set", "file": "n", "archive": "m"}
    with pytest.raises(UserError, match="archive 'm' has no url"):
        read_catalogue(table(tmp_path / "t.tsv", GOOD, member, nested))


def test_no_table(tmp_path):
    with pytest.raises(UserError, match="does not exist. Correct downloads.datasets"):
        read_catalogue(tmp_path / "none.tsv")
    (tmp_path / "t.tsv").write_text("dataset,file\n")
    with pytest.raises(UserError, match="lacks the column.*dataset, file, url.*tab-separated"):
        read_catalogue(tmp_path / "t.tsv")


def test_kinds_of_archives():
    assert archive_suffix("a.tar.gz") == ".tar.gz"
    assert archive_suffix("a.h5ad.gz") == ".gz"
    assert archive_suffix("a.h5") == ""


def named_downloads(config: Path) -> list[str]:
    """Paths below resources/downloads that a dataset's files name, folders as well."""
    sheet = config.with_name(f"{config.stem}.samples.tsv").read_text()
    fields = [field for line in sheet.splitlines() for field in line.split("\t")]
    assemblies = yaml.safe_load(config.read_text())["assemblies"].values()
    fields += [str(value) for assembly in assemblies for value in assembly.values()]
    return [x.removeprefix("resources/downloads/") for x in fields if "resources/downloads" in x]


CONFIGS = sorted((ROOT / "config").glob("*.yaml"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_the_tables_have_every_file_that_a_config_names(config):
    tables = ([ROOT / "resources/datasets.tsv"], [ROOT / "resources/references.tsv"])
    entries = catalogue_entries(*tables)
    names = named_downloads(config)
    assert names
    for name in names:
        assert any(path == name or path.startswith(f"{name}/") for path in entries), name


def test_every_dataset_has_a_config_or_is_for_the_bulk_command():
    datasets = set(read_catalogue(ROOT / "resources/datasets.tsv")["dataset"])
    assert datasets - {"gtex_toil", "gtex_v8"} == {config.stem for config in CONFIGS}
