import importlib

import pytest
from multiome2vec import provenance


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of four modules: a -> b (inside a function), b -> sub.c; d stands alone."""
    files = {
        "__init__": "",
        "a": '"""Doc."""\ndef run():\n    from multiome2vec.b import f\n    return f\n',
        "b": "from multiome2vec.sub import c\nf = c.x\n",
        "d": "y = 1\n",
        "sub/__init__": "",
        "sub/c": "x = 1\n",
    }
    for name, text in files.items():
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    fresh = importlib.reload(provenance)
    monkeypatch.setattr(fresh, "ROOT", tmp_path)
    yield tmp_path
    importlib.reload(provenance)


def digest():
    """Digest as another process would tell it."""
    for function in (provenance._source, provenance._imports, provenance._kept):
        function.cache_clear()
    return provenance.source_digest("multiome2vec.a")


def test_imports_are_followed_into_functions_and_packages(package):
    assert provenance.reached_modules("multiome2vec.a") == {
        "multiome2vec", "multiome2vec.a", "multiome2vec.b", "multiome2vec.sub", "multiome2vec.sub.c"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "text", "changes"),
    [
        ("sub/c.py", "x = 2\n", True),
        ("sub/c.py", "# a comment\nx  =  1\n", False),
        (
            "a.py",
            '"""Other."""\ndef run():\n    from multiome2vec.b import f\n    return f\n',
            False,
        ),
        ("d.py", "y = 2\n", False),
        ("sub/__init__.py", "z = 1\n", True),
    ],
)
def test_digest_changes_with_code_that_is_reached(package, file, text, changes):
    before = digest()
    (package / file).write_text(text)
    assert (digest() != before) == changes


def test_unknown_module_is_an_error(package):
    with pytest.raises(ModuleNotFoundError, match=r"multiome2vec\.none"):
        provenance.source_digest("multiome2vec.none")


def no_parsing(*_):
    raise AssertionError("parsed again")


def test_an_unchanged_source_is_not_parsed_again(package, monkeypatch):
    before = digest()
    monkeypatch.setattr("ast.parse", no_parsing)
    assert digest() == before
    (package / "sub/c.py").write_text("x = 3\n")
    with pytest.raises(AssertionError, match="parsed again"):
        digest()


def test_another_reader_reads_all_anew(package, monkeypatch):
    digest()
    monkeypatch.setattr(provenance, "READER", b"another")
    monkeypatch.setattr("ast.parse", no_parsing)
    with pytest.raises(AssertionError, match="parsed again"):
        digest()


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"multiome2vec.a": 1}', "\x00"])
def test_damaged_notes_are_made_anew(package, content):
    before = digest()
    (package / "__pycache__/sources.json").write_text(content)
    assert digest() == before


def test_notes_need_no_folder_that_can_be_written_to(package):
    (package / "__pycache__").write_text("a file in its place")
    assert digest() == digest()
