import math

import pytest
from multiome2vec.errors import UserError
from multiome2vec.models.config import (
    ACCESSIBILITY,
    CONTINUOUS,
    COUNTS,
    ModalityShape,
    ModelConfig,
)
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.presets import REGISTRY, configure
from multiome2vec.presets._hyperparameters import OPTIMISATION
from multiome2vec.training.settings import Optimisation

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


@pytest.mark.parametrize("value", [None, 2, 2.5])
def test_a_target_of_the_loss_is_a_number_or_none(value):
    settings = configure("trivae", {"target_loss": value, "gradient_clip": 0})
    optimisation = settings.optimisation(settings.model(SHAPES, n_batches=0))
    assert (optimisation.target_loss, optimisation.gradient_clip) == (value, 0)
    with pytest.raises(
        UserError, match="'target_loss' must be of type float, such as 100.0, or No"
    ):
        configure("trivae", {"target_loss": "low"})


def test_settings_of_the_trainer_reach_it():
    hyper = {"optimiser": "adam", "accumulation": 3, "ema_decay": 0.99, "lr_warmup_epochs": 4}
    hyper |= {"plateau_factor": 0.2, "plateau_patience": 3, "lr_schedule": "cosine", "epsilon": 0.1}
    for preset, frozen in (("trivae", 0), ("scmvp", 5)):
        settings = configure(preset, hyper | {"uniform_epochs": 5})
        shapes = {name: SHAPES[name] for name in ("rna", "atac")}
        optimisation = settings.optimisation(settings.model(shapes, n_batches=0))
        assert {name: getattr(optimisation, name) for name in hyper} == hyper
        assert optimisation.uniform_epochs == frozen  # only a mixture has components
    defaults = configure("trivae", {})
    assert all(getattr(defaults, name) == getattr(Optimisation, name) for name in OPTIMISATION)


def test_unknown_preset_is_named():
    with pytest.raises(UserError, match="Unknown model 'trivea'.*'trivae'"):
        configure("trivea", {})


def test_settings_by_kind_are_merged_and_lists_replace():
    before = configure("mosc", {})
    found = configure("mosc", {"likelihood": {"counts": "poisson"}, "hidden": [8], "latent": 3})
    assert found.likelihood == {
        "counts": "poisson",  # ours
        "accessibility": "bernoulli",  # the preset's
        "continuous": "gaussian",  # of all
    }
    assert (found.hidden, found.latent) == ((8,), 3)
    assert found.terms == before.terms
    more = configure("mosc", {"terms": {"align": 0.0, "usage": 2.0}}).terms
    assert more == {"cross": 0.5, "align": 0.0, "usage": 2.0}
    assert configure("mosc", {}) == before


@pytest.mark.parametrize(
    ("hyper", "beta"),
    [({}, 0.01 * 900 / 128), ({"latent": 450}, 0.01), ({"kl_reduction": "sum"}, 0.01)],
)
def test_means_of_both_losses_make_another_weight(hyper, beta):
    """β = w · G / (2 L): means over L dimensions and G genes, and the ½ of a Gaussian."""
    settings = configure("gtex", hyper)
    config = settings.model({"rna": ModalityShape(CONTINUOUS, 900)}, n_batches=0)
    schedule = settings.schedules(config)["kl_z"]
    assert schedule.value == pytest.approx(beta)
    for epoch in range(1, 31):
        cycle, within = divmod(epoch, 10)
        ramp = (1 - math.cos(math.pi * within / 10)) / 2
        expected = max(beta * ramp * 0.9**cycle, 0.01 * beta)
        assert schedule.at(epoch) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("preset", "hyper", "width"),
    [
        ("scmvp", {}, 256),
        ("scmvp-parity", {}, 128),
        ("scmvp", {"shared": 0}, 0),
        ("trivae", {"fusion": "concat", "shared": 8}, 8),
        ("trivae", {}, 0),
    ],
)
def test_the_joint_layer_of_a_concatenation_has_the_width_it_is_told(preset, hyper, width):
    """As wide as scMVP's text says (256) and as its code has it (128)."""
    settings = configure(preset, hyper)
    shapes = {name: SHAPES[name] for name in settings.modalities or SHAPES}
    model = MultimodalVAE(settings.model(shapes, n_batches=2))
    again = MultimodalVAE(ModelConfig.from_dict(model.config.to_dict()))
    for found in (model, again):
        joint = getattr(found.fusion, "shared", ())
        assert [type(layer).__name__ for layer in joint] == ["Linear", "LayerNorm"] * bool(width)
        if width:
            assert joint[0].out_features == found.fusion.head.in_features == width


def schedules(preset, **hyper):
    settings = configure(preset, hyper)
    shapes = {name: SHAPES[name] for name in settings.modalities or SHAPES}
    return settings.schedules(settings.model(shapes, n_batches=2))


@pytest.mark.parametrize(
    ("name", "ramp"),
    [
        ("linear", lambda p: p),
        ("cosine", lambda p: (1 - math.cos(math.pi * p)) / 2),
        ("exponential", lambda p: (math.exp(p) - 1) / (math.e - 1)),
    ],
)
def test_the_divergence_is_warmed_up_as_told(name, ramp):
    found = schedules("scmvp", kl_schedule=name, kl_warmup_epochs=8, kl_weight=0.5)
    for epoch in range(1, 20):
        expected = pytest.approx(0.5 * ramp(min(epoch / 8, 1)))
        assert (found["kl_z"].at(epoch), found["kl_c"].at(epoch)) == (expected, expected)
    assert found["kl_z"].settled == 8


def test_the_usage_term_falls_to_0_where_it_is_told_to():
    found = schedules("scmvp", usage_epochs=4)["usage"]
    assert [found.at(epoch) for epoch in (1, 2, 3, 4, 5, 99)] == [7.5, 5, 2.5, 0, 0, 0]
    assert schedules("scmvp")["usage"].at(99) == 10
    assert schedules("scmvp", usage_epochs=90, terms={"usage": 0.0})["usage"].settled == 0


def test_the_divergence_of_components_has_a_weight_of_its_own():
    found = schedules("scmvp", kl_c_weight=0.1, kl_warmup_epochs=4)
    assert [found["kl_z"].at(epoch) for epoch in (2, 9)] == [0.5, 1]
    assert [found["kl_c"].at(epoch) for epoch in (2, 9)] == pytest.approx([0.05, 0.1])
    assert schedules("scmvp", kl_weight=0.3)["kl_c"].value == 0.3
    assert "kl_c" not in schedules("trivae", kl_c_weight=0.1)
    with pytest.raises(UserError, match="'kl_c_weight' must be of type float, .* or None"):
        configure("scmvp", {"kl_c_weight": "low"})


@pytest.mark.parametrize("preset", REGISTRY.names())
def test_every_term_is_on_before_the_last_epoch(preset):
    """A warm-up longer than the training would leave terms off that the preset asks for."""
    settings = configure(preset, {})
    shapes = {name: SHAPES[name] for name in settings.modalities or SHAPES}
    config = settings.model(shapes, n_batches=2)
    optimisation = settings.optimisation(config)
    assert optimisation.settled < 0.8 * optimisation.max_epochs
    for schedule in optimisation.schedules.values():
        reached = max(schedule.at(epoch) for epoch in range(1, math.ceil(optimisation.settled) + 1))
        assert reached >= 0.97 * schedule.value  # a cosine of 10 epochs falls just before its top
    assert set(settings.terms) | {"kl_z"} <= set(optimisation.schedules)


def test_the_deep_presets_have_the_published_settings():
    """Of GTEx VAE: what its text says, and what its last state did (``gtex``: but for the rate)."""
    common = {"hidden": (4096, 2048, 1024, 512, 256), "norm": "batch", "activation": "elu"}
    common |= {"initialisation": "xavier", "max_epochs": 300, "masking": (0.05, 0.25)}
    text = {"latent": 19_797, "dropout": 0.3, "patience": 30, "kl_weight": 0.1}
    text |= {"kl_warmup_epochs": 40, "kl_schedule": "cyclical", "learning_rate": 1e-4}
    code = {"latent": 64, "dropout": 0.35, "patience": 60, "batch_size": 64, "weight_decay": 1e-5}
    code |= {"kl_warmup_epochs": 10, "kl_decay": 0.9, "kl_schedule": "cyclical"}
    for preset, expected in (("gtex-readme", common | text), ("gtex", common | code)):
        settings = configure(preset, {})
        assert {name: getattr(settings, name) for name in expected} == expected
