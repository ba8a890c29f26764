import pytest
from multiome2vec.simulate import Design, simulate_dataset
from multiome2vec.steps.simulate import simulate

SIZE = {"barcodes": 300, "chromosome_length": 400_000, "genes": 250}


def paths(folder):
    out = {
        "genome": folder / "genome.fa",
        "genes": folder / "genes.gtf.gz",
        "blacklist": folder / "blacklist.bed",
    }
    for name in ("cells", "regions", "genes", "tfs", "sites"):
        out[f"true_{name}"] = folder / "truth" / f"{name}.tsv"
    for sample in ("s1", "s2"):
        fragments = folder / sample / "atac_fragments.tsv.gz"
        out[f"matrix_{sample}"] = folder / sample / "filtered_feature_bc_matrix.h5"
        out[f"fragments_{sample}"] = fragments
        out[f"index_{sample}"] = fragments.with_name(f"{fragments.name}.tbi")
    return out


@pytest.fixture(scope="session")
def written():
    """Write a small dataset into a folder; returns its paths by name."""

    def write(folder, *, seed):
        out = paths(folder)
        simulate(out=out, seed=seed, **SIZE)
        return out

    return write


@pytest.fixture(scope="session")
def design():
    return Design(**SIZE)


@pytest.fixture(scope="session")
def data(design):
    return simulate_dataset(design, seed=0)


@pytest.fixture(scope="session")
def files(tmp_path_factory, written):
    return written(tmp_path_factory.mktemp("seed-0"), seed=0)
