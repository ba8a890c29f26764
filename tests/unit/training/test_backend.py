import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.training import backend
from multiome2vec.training.backend import autocast, compile_parts, dense_parts, prepare
from multiome2vec.training.distributed import Group
from multiome2vec.training.settings import RunSettings
from toy_training import toy_cells, train

CPU = torch.device("cpu")


@pytest.fixture
def model():
    return train(toy_cells(60), max_epochs=1)[0]


@pytest.fixture(autouse=True)
def _restore_torch():
    yield
    torch.use_deterministic_algorithms(mode=True)
    torch.set_float32_matmul_precision("highest")


def test_a_gpu_that_is_not_there_is_refused(model, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="torch sees no GPU. Set device to 'auto'"):
        prepare(model, RunSettings(device="cuda"), group=Group())


def test_settings_reach_torch(model):
    for precision, expected in (("fp32", "highest"), ("tf32", "high"), ("bf16", "high")):
        settings = RunSettings(device="cpu", precision=precision, deterministic=False)
        assert prepare(model, settings, group=Group()) == CPU
        assert torch.get_float32_matmul_precision() == expected
        assert not torch.are_deterministic_algorithms_enabled()
        with autocast(settings, CPU):
            product = torch.ones(2, 2) @ torch.ones(2, 2)
        assert product.dtype == (torch.bfloat16 if precision == "bf16" else torch.float32)


def test_compiled_parts_compute_the_same(model):
    names, z, covariate = list(model.state_dict()), torch.randn(5, 4), torch.eye(2)[[0, 1, 0, 1, 1]]
    expected = model.decoders["motif"](z, covariate, None)
    prepare(model, RunSettings(device="cpu", compile=True), group=Group())
    assert all(part._compiled_call_impl is not None for part in dense_parts(model))
    torch.testing.assert_close(model.decoders["motif"](z, covariate, None), expected)
    assert list(model.state_dict()) == names


def test_without_a_compiler_the_model_runs_as_it_is(model, monkeypatch, caplog):
    monkeypatch.setattr(backend.shutil, "which", lambda name: None)
    assert not compile_parts(model, CPU)
    assert "not compiled, it runs as it is: there is no compiler (" in caplog.text
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    assert not compile_parts(model, torch.device("cuda"))
    assert "there is no package triton" in caplog.text
    assert all(part._compiled_call_impl is None for part in dense_parts(model))
