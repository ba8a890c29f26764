import dataclasses
import json

import numpy as np
import pytest
import torch
from multiome2vec.data.stores import DenseStore
from multiome2vec.errors import UserError
from multiome2vec.training import loop
from multiome2vec.training.inference import latent
from multiome2vec.training.loop import Context
from multiome2vec.training.schedules import Schedule
from multiome2vec.training.validation import validation_loss
from toy_training import noiseless, toy_cells, train, with_sparse_atac


@pytest.fixture(scope="module")
def data():
    return toy_cells()


def equal(first, second):
    first, second = first.state_dict(), second.state_dict()
    return all(torch.equal(first[name], second[name]) for name in first)


def warmup(epochs):
    return {"kl_z": Schedule("linear", epochs=epochs)}


def plan_validation(monkeypatch, curve, seen=None):
    """Let the validation losses be those of ``curve``, and keep the weights of each epoch."""
    losses = iter(curve)

    def planned(model, *_, **__):
        if seen is not None:
            seen.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return {"loss": next(losses)}

    monkeypatch.setattr(loop, "validation_loss", planned)


def test_loss_falls_and_every_term_is_logged(data):
    _, _, result = train(data)
    first, last = result.history[0], result.history[-1]
    assert last["val_loss"] < first["val_loss"]
    assert set(first) == {
        "epoch",
        "kl_z_weight",
        "subset_weight",
        "lr",
        "train_subset",
        "active_units",
        "mutual_information",
    } | {
        f"{part}_{term}"
        for part in ("train", "val")
        for term in ("loss", "kl_z", "nll_rna", "nll_atac", "nll_motif")
    }
    assert [row["epoch"] for row in result.history] == list(range(1, 7))


def test_kl_weight_follows_its_schedule(data):
    _, _, result = train(data, schedules=warmup(4))
    assert [row["kl_z_weight"] for row in result.history] == [0.25, 0.5, 0.75, 1, 1, 1]


def test_same_seed_same_bits_and_same_metrics(data, tmp_path):
    runs = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = {"metrics": str(tmp_path / f"{name}.jsonl")}
        runs.append(train(data, seed=seed, max_epochs=2, settings=settings)[0])
    assert equal(runs[0], runs[1])
    assert not equal(runs[0], runs[2])
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


def test_validation_loss_is_an_elbo_with_full_kl(data):
    """Although the weight of the KL divergence in training is 0.01 to 0.06."""
    model, split, result = train(data, schedules=warmup(100))
    best = result.history[result.best_epoch - 1]
    terms = ("val_kl_z", "val_nll_rna", "val_nll_atac", "val_nll_motif")
    assert best["val_loss"] == pytest.approx(sum(best[term] for term in terms), rel=1e-5)
    again = validation_loss(model, data, split.validation, seed=0)
    assert again["loss"] == best["val_loss"]


def test_validation_loss_has_the_final_weight_of_the_divergence(data):
    """With a small β, an ELBO with β = 1 would choose the first epochs, which say nothing yet."""
    _, _, result = train(data, schedules={"kl_z": Schedule("linear", 0.1, epochs=100)})
    for row in result.history:
        reconstruction = sum(row[f"val_nll_{name}"] for name in ("rna", "atac", "motif"))
        assert row["val_loss"] == pytest.approx(reconstruction + 0.1 * row["val_kl_z"], rel=1e-5)


def test_training_stops_after_patience_and_restores_the_best_epoch(data, monkeypatch):
    states = []
    plan_validation(monkeypatch, [9.0, 5, 7, 3, 4, 4, 4, 4, 4, 4], states)
    model, _, result = train(data, max_epochs=10, patience=3, schedules=warmup(2))
    assert (len(result.history), result.best_epoch) == (7, 4)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, states[3][name])
    assert any(not torch.equal(states[3][name], states[6][name]) for name in states[3])


def test_patience_counts_from_the_end_of_the_warm_up(data, monkeypatch):
    plan_validation(monkeypatch, [1.0] * 20)
    _, _, result = train(data, max_epochs=20, patience=2, schedules=warmup(8))
    assert (len(result.history), result.best_epoch) == (10, 1)


def test_training_stops_below_the_target_loss(data, monkeypatch):
    plan_validation(monkeypatch, [3.0, 2, 1, 0.9, 0.8])
    _, _, result = train(data, max_epochs=5, target_loss=1.0)
    assert len(result.history) == 4


def test_plateau_and_stopping_watch_a_loss_without_the_cycling_weight(data, monkeypatch):
    """The weighted loss would fall anew in every cycle; the watched one has stopped falling."""
    curve = [9.0, 8, 7, *[7] * 20]
    plan_validation(monkeypatch, curve)
    cycle = {"kl_z": Schedule("cyclical", epochs=4, style="cosine")}
    _, _, result = train(
        data, max_epochs=20, patience=8, plateau_patience=2, learning_rate=1e-3, schedules=cycle
    )
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=1e-3)
    reference = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=2)
    rates = []
    for epoch, loss in enumerate(curve[: len(result.history)], start=1):
        rates.append(optimiser.param_groups[0]["lr"])
        if epoch >= 4:  # the end of the first ramp
            reference.step(loss)
    assert [row["lr"] for row in result.history] == rates
    assert len(set(rates)) > 2
    assert (len(result.history), result.best_epoch) == (12, 3)
    weights = [row["kl_z_weight"] for row in result.history[:5]]
    assert weights == pytest.approx([0.1464466, 0.5, 0.8535534, 0, 0.1464466])


def test_a_loss_that_is_not_finite_names_epoch_batch_term_and_cells(data):
    motif = data.modalities["motif"]
    values = np.full((160, motif.shape.n_features), np.nan, np.float32)
    broken = dataclasses.replace(motif, store=DenseStore(values))
    poisoned = dataclasses.replace(data, modalities={**data.modalities, "motif": broken})
    barcodes = [f"s1#{i}" for i in range(160)]
    with pytest.raises(UserError, match=r"not finite in epoch 1, batch 1 \(.*learning_rate") as e:
        train(poisoned, context=Context(barcodes=barcodes))
    assert "nll_motif = nan" in str(e.value)
    assert "nll_motif, " in str(e.value)
    assert "over the cells s1#" in str(e.value)


def test_the_broken_batch_of_an_epoch_is_named(data):
    calls = []

    def break_third(model, batch, *, weights, generator):
        output = noiseless(model, batch, weights=weights, generator=generator)
        calls.append(batch)
        total = output.total * (float("inf") if len(calls) == 3 else 1)
        return dataclasses.replace(output, total=total)

    train_cells = train(data, max_epochs=1)[1].train
    order = np.random.default_rng(0).permutation(train_cells)  # that of the first epoch
    cells = ", ".join(str(i) for i in np.array_split(order, 4)[2][:5])
    with pytest.raises(UserError, match=f"epoch 1, batch 3 .* over the cells {cells} and 27 more"):
        train(data, objective=break_third)


def test_a_gradient_that_is_not_finite_is_found(data):
    def steep(model, batch, *, weights, generator):
        output = noiseless(model, batch, weights=weights, generator=generator)
        zero = next(model.parameters()).sum() * 0
        return dataclasses.replace(output, total=output.total + zero.abs().sqrt())

    with pytest.raises(UserError, match=r"gradient is not finite in epoch 1, batch 1 \(gradient"):
        train(data, objective=steep)


def test_accumulation_equals_a_large_batch(data):
    plain = {"objective": noiseless, "dropout": 0.0, "max_epochs": 3}
    large, _, first = train(data, batch_size=48, **plain)
    small, _, second = train(data, batch_size=12, accumulation=4, **plain)
    for name, tensor in large.state_dict().items():
        torch.testing.assert_close(small.state_dict()[name], tensor, atol=1e-5, rtol=1e-4)
    for one, other in zip(first.history, second.history, strict=True):
        assert one["train_loss"] == pytest.approx(other["train_loss"], rel=1e-5)


def test_bfloat16_gives_nearly_the_same_loss(data):
    exact, rounded = (
        train(data, settings={"precision": precision})[2].history[-1]
        for precision in ("fp32", "bf16")
    )
    assert rounded["train_loss"] != exact["train_loss"]
    for name in ("train_loss", "val_loss"):
        assert rounded[name] == pytest.approx(exact[name], rel=0.01)


def test_shares_normalised_in_parts_give_nearly_the_same_loss(data):
    data = with_sparse_atac(data)
    exact, estimated = (
        train(data, max_epochs=40, learning_rate=1e-2, hyper={"sampled_features": n})[2].history
        for n in (0, 30)
    )
    assert exact[0]["train_nll_atac"] != estimated[0]["train_nll_atac"]
    gained = exact[0]["val_nll_atac"] - exact[-1]["val_nll_atac"]
    assert abs(exact[-1]["val_nll_atac"] - estimated[-1]["val_nll_atac"]) < 0.05 * gained


def test_averaged_weights_are_validated_and_kept(data):
    seen = []

    def watch(model, batch, *, weights, generator):
        seen.append({n: p.detach().clone() for n, p in model.named_parameters()})
        return noiseless(model, batch, weights=weights, generator=generator)

    model, split, result = train(
        data, objective=watch, dropout=0.0, max_epochs=1, batch_size=32, ema_decay=0.5
    )
    # weights before each step; the one after the last step is solved for by the mean itself
    assert len(seen) == 4
    average = seen[0]
    for n, current in enumerate(seen[1:]):
        decay = min(0.5, (1 + n) / (10 + n))
        average = {k: decay * average[k] + (1 - decay) * current[k] for k in average}
    decay = min(0.5, 4 / 13)
    plain = train(data, objective=noiseless, dropout=0.0, max_epochs=1, batch_size=32)[0]
    for name, last in plain.named_parameters():
        expected = decay * average[name] + (1 - decay) * last
        torch.testing.assert_close(dict(model.named_parameters())[name], expected)
    assert validation_loss(model, data, split.validation, seed=0)["loss"] == pytest.approx(
        result.history[0]["val_loss"]
    )


def test_collapse_is_reported(data, monkeypatch, caplog):
    monkeypatch.setattr(loop, "observe", lambda *_, **__: {"active_units": 1})
    train(data, max_epochs=1)
    assert "latent space has collapsed: 1 variables" in caplog.text


def test_monitors_of_the_caller_are_in_the_history(data):
    def spread(latent):
        return {"spread": float(latent.mean.std())}

    _, _, result = train(data, max_epochs=2, context=Context(monitors=(spread,)))
    assert all(row["spread"] > 0 for row in result.history)


def test_metrics_hold_a_line_per_epoch(data, tmp_path):
    path = tmp_path / "metrics.jsonl"
    _, _, result = train(data, max_epochs=3, settings={"metrics": str(path)})
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == [{"stage": "joint", **row} for row in result.history]


def test_cells_are_embedded_one_by_one(data):
    """A cell's embedding does not depend on the others, nor on the order."""
    model, _, _ = train(data, max_epochs=2)
    order = np.random.default_rng(0).permutation(160)
    whole = latent(model, data, np.arange(160)).mean
    np.testing.assert_allclose(latent(model, data, order).mean, whole[order], atol=1e-5)


def test_a_mosaic_trains(data):
    rows = data.modalities["atac"].rows.copy()
    rows[::3] = -1
    parts = {**data.modalities}
    for name in ("atac", "motif"):
        parts[name] = dataclasses.replace(parts[name], rows=rows)
    model, _, result = train(dataclasses.replace(data, modalities=parts))
    assert result.history[-1]["val_loss"] < result.history[0]["val_loss"]
    assert np.isfinite(latent(model, data, np.arange(160)).mean).all()


@pytest.mark.parametrize("prior", ["mixture", "gmvae"])
def test_components_weigh_alike_in_the_first_epochs(data, prior):
    """π neither counts nor moves until it is let go."""
    hyper = {"prior": prior, "n_components": 3}
    weights = {}
    for epochs, frozen in ((2, 2), (3, 2), (2, 0)):
        model, _, _ = train(data, hyper=hyper, max_epochs=epochs, uniform_epochs=frozen, patience=9)
        weights[epochs, frozen] = model.prior.log_weights.detach().exp()
    torch.testing.assert_close(weights[2, 2], torch.full((3,), 1 / 3))
    for moved in ((3, 2), (2, 0)):
        assert not torch.allclose(weights[moved], weights[2, 2], atol=1e-4)
