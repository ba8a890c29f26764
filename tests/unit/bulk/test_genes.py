import gzip

import numpy as np
import pandas as pd
import pytest
from multiome2vec.bulk.expression import Expression
from multiome2vec.bulk.genes import (
    align,
    check_order,
    drop_version,
    merge_duplicates,
    read_coding_genes,
)
from multiome2vec.errors import ContractError, UserError

RNG = np.random.default_rng(0)
GENES = [f"G{number}" for number in range(40)]
VALUES = RNG.uniform(-9.97, 12, (50, 40)).astype(np.float32)


def expression(values=VALUES, genes=GENES):
    samples = pd.Index([f"S{number}" for number in range(len(values))])
    return Expression(np.asarray(values, np.float32), samples, pd.Index(genes))


@pytest.mark.parametrize(
    ("gene", "expected"),
    [
        ("ENSG00000182378.14", "ENSG00000182378"),
        ("ENSG00000182378.14_PAR_Y", "ENSG00000182378_PAR_Y"),
        ("ENSGR0000182378.10", "ENSGR0000182378"),
        ("ENSMUSG00000051951.5", "ENSMUSG00000051951"),
        ("ENSG00000182378", "ENSG00000182378"),
        ("RP11-34P13.7", "RP11-34P13.7"),
    ],
)
def test_versions(gene, expected):
    assert drop_version(gene) == expected


def test_copies_of_a_pseudoautosomal_gene_stay_apart():
    ids = ["ENSG00000182378.14", "ENSG00000182378.14_PAR_Y"]
    found = expression([[3, -9.97]], [drop_version(gene) for gene in ids])
    assert merge_duplicates(found) is found


def test_coding_genes_of_a_gtf_and_of_a_list(tmp_path):
    def row(feature, gene, kind, key="gene_type"):
        return f'chr1\tX\t{feature}\t1\t9\t.\t+\t.\tgene_id "{gene}"; {key} "{kind}"; level 1;\n'

    gtf = tmp_path / "genes.gtf.gz"
    text = "##format: gtf\n" + row("gene", "ENSG00000000002.3", "protein_coding")
    text += row("transcript", "ENSG00000000009.3", "protein_coding")
    text += row("gene", "ENSG00000000003.1", "lncRNA")
    text += row("gene", "ENSG00000000001.1", "protein_coding", key="gene_biotype")
    gtf.write_bytes(gzip.compress(text.encode()))
    assert read_coding_genes(gtf) == ["ENSG00000000002", "ENSG00000000001"]
    names = tmp_path / "genes.txt"
    names.write_text("# coding\nENSG00000000002.3\tA\n\nENSG00000000001\tB\n")
    assert read_coding_genes(names) == ["ENSG00000000002", "ENSG00000000001"]
    names.write_text("ENSG00000000002.3\nENSG00000000001\nENSG00000000002.1\n")
    with pytest.raises(UserError, match=r"'ENSG00000000002' occurs more than once .*rows 1, 3"):
        read_coding_genes(names)
    names.write_text("# none\n")
    with pytest.raises(UserError, match="names no gene"):
        read_coding_genes(names)
    with pytest.raises(UserError, match="does not exist"):
        read_coding_genes(tmp_path / "none")


def test_duplicates_are_resolved_explicitly():
    tpm = np.array([[4.0, 1.0, 2.0, 0.0], [8.0, 3.0, 10.0, 5.0]])
    given = expression(np.log2(tpm + 0.001), ["A", "B", "A", "C"])
    with pytest.raises(UserError, match=r"'A' occurs more than once .*rows 1, 3"):
        merge_duplicates(given)
    summed = merge_duplicates(given, how="sum")
    assert list(summed.genes) == ["A", "B", "C"]
    expected = np.log2(np.array([[6, 1, 0], [18, 3, 5]]) + 0.001)
    np.testing.assert_allclose(summed.values, expected, atol=2e-3)  # TPM, not logarithms, add up
    largest = merge_duplicates(given, how="largest")
    np.testing.assert_array_equal(largest.values[:, 0], given.values[:, 0])
    with pytest.raises(UserError, match="Unknown way"):
        merge_duplicates(given, how="first")


def test_genes_are_brought_to_the_order_of_the_list():
    order = RNG.permutation(40)[:25]
    genes = [GENES[gene] for gene in order]
    found = align(expression(), genes)
    np.testing.assert_array_equal(found.expression.values, VALUES[:, order])
    assert list(found.expression.genes) == genes
    assert found.n_unused == 15
    assert found.missing.empty


def test_fault_missing_genes_as_0():
    """A missing gene is at its training mean, so 0 after scaling; 0 is no neutral value."""
    train = RNG.normal(-6, 1.5, (500, 40)).clip(-9.97)
    means, sd = train.mean(axis=0), train.std(axis=0)
    kept = [gene for gene in range(40) if gene not in (7, 30)]
    given = expression(VALUES[:, kept], [GENES[gene] for gene in kept])
    found = align(given, GENES, means=means)
    scaled = (found.expression.values - means) / sd
    np.testing.assert_allclose(scaled[:, [7, 30]], 0, atol=1e-5)
    assert (np.abs((0 - means) / sd) > 3).all()  # what a fill with 0 would be
    assert list(found.missing["gene"]) == ["G7", "G30"]
    np.testing.assert_allclose(found.missing["filled_with"], means[[7, 30]], rtol=1e-6)
    np.testing.assert_array_equal(found.expression.values[:, kept], VALUES[:, kept])


def test_too_many_missing_genes_are_refused():
    given = expression(VALUES[:, 3:], GENES[3:])
    with pytest.raises(UserError, match=r"3 of 40 genes \(7.5%\).*G0, G1, G2; at most 5.0%"):
        align(given, GENES, means=np.zeros(40))
    assert len(align(given, GENES, means=np.zeros(40), max_missing=0.1).missing) == 3
    with pytest.raises(UserError, match="no training means are known"):
        align(given, GENES, max_missing=0.1)
    with pytest.raises(ContractError, match="3 training means for 40 genes"):
        align(given, GENES, means=np.zeros(3))


def test_wrong_order_raises_with_the_first_difference():
    swapped = GENES.copy()
    swapped[5], swapped[17] = swapped[17], swapped[5]
    check_order(GENES, GENES, where="a.h5ad")
    with pytest.raises(ContractError, match=r"row 6 is G17, not G5 \(which is in row 18\)"):
        check_order(swapped, GENES, where="a.h5ad")
    with pytest.raises(ContractError, match=r"row 1 is X, not G0 \(which is not there\)"):
        check_order(["X", *GENES[1:]], GENES, where="a.h5ad")
    with pytest.raises(ContractError, match="has 39 genes, the list 40"):
        check_order(GENES[:-1], GENES, where="a.h5ad")
