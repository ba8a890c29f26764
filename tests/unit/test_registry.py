import sys

import pytest
from multiome2vec.errors import UserError
from multiome2vec.registry import Registry


@pytest.fixture
def registry(tmp_path, monkeypatch):
    package = tmp_path / "engines_of_test"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from multiome2vec.registry import Registry\n"
        "REGISTRY = Registry('engines_of_test', kind='engine')\n"
    )
    for name in ("fast", "very_slow"):
        (package / f"{name}.py").write_text(
            "from engines_of_test import REGISTRY\n"
            f"REGISTRY.register('{name.replace('_', '-')}')('{name} loaded')\n"
        )
    (package / "_helper.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    import engines_of_test

    yield engines_of_test.REGISTRY
    for name in [name for name in sys.modules if name.startswith("engines_of_test")]:
        del sys.modules[name]


def test_names_come_from_the_folder(registry: Registry):
    assert registry.names() == ["fast", "very-slow"]


def test_only_the_method_asked_for_is_imported(registry: Registry):
    assert registry.get("fast") == "fast loaded"
    assert "engines_of_test.very_slow" not in sys.modules
    assert registry.get("very-slow") == "very_slow loaded"


def test_unknown_name_suggests_a_known_one(registry: Registry):
    with pytest.raises(
        UserError, match=r"Unknown engine 'fats'. Did you mean 'fast'\? Known: fast"
    ):
        registry.get("fats")
