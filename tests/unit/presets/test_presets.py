import pytest
from multiome2vec.errors import UserError
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS, COUNTS, ModalityShape
from multiome2vec.presets import configure

SHAPES = {
    "rna": ModalityShape(COUNTS, 900),
    "atac": ModalityShape(ACCESSIBILITY, 1800),
    "motif": ModalityShape(CONTINUOUS, 300),
}


def test_each_kind_of_values_has_its_likelihood():
    specs = configure("trivae", {}).model(SHAPES, n_batches=2).modalities
    assert {name: spec.likelihood for name, spec in specs.items()} == {
        "rna": "negative-binomial",
        "atac": "poisson",
        "motif": "gaussian",
    }
    assert [spec.derived_from for spec in specs.values()] == [None, None, "atac"]


def test_log_normalised_expression_is_gaussian():
    shapes = {"rna": ModalityShape(CONTINUOUS, 51)}
    assert configure("trivae", {}).model(shapes, n_batches=0).modalities["rna"].likelihood == (
        "gaussian"
    )


def test_balance_per_feature_gives_modalities_equal_say():
    model = configure("trivae", {"balance": "per_feature"}).model(SHAPES, n_batches=0)
    shares = {spec.weight * spec.n_features for spec in model.modalities.values()}
    assert shares == {1000.0}
    plain = configure("trivae", {"balance": "none"}).model(SHAPES, n_batches=0)
    assert {spec.weight for spec in plain.modalities.values()} == {1.0}


def test_misspelt_hyperparameter_is_named():
    with pytest.raises(UserError, match="'trivae' has no hyperparameter 'latnet'.*'latent'"):
        configure("trivae", {"latnet": 3})


def test_unknown_preset_is_named():
    with pytest.raises(UserError, match="Unknown model 'trivea'.*'trivae'"):
        configure("trivea", {})
