"""Motif scan of a dataset's regions, timed beside MOODS.

python benchmarks/motif_scan.py --regions consensus.bed --genome genome.fa --motifs motifs.jaspar \
    --moods /path/to/python

MOODS (MOODS-python, GPL; needs no other package) runs in the interpreter given, on the same
sequences, weights and thresholds. Prints the CPU time of both and how many matches they share.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from multiome2vec.io.regions import read_bed
from multiome2vec.motifs.formats import read_motifs
from multiome2vec.motifs.scan import base_composition, log_odds, match_matrix, score_threshold
from multiome2vec.steps.motif_scan import read_sequences

PVALUE = 5e-5
BY_MOODS = """
import json, sys, time
import MOODS.scan, MOODS.tools
given = json.load(open(sys.argv[1]))
start = time.process_time()
matrices = [weights for weights in given["weights"]]
matrices += [MOODS.tools.reverse_complement(weights) for weights in given["weights"]]
scanner = MOODS.scan.Scanner(7)
scanner.set_motifs(matrices, given["background"], given["thresholds"] * 2)
n = len(given["weights"])
pairs = set()
for region, text in enumerate(given["sequences"]):
    for number, hits in enumerate(scanner.scan(text)):
        if hits:
            pairs.add((region, number % n))
json.dump({"cpu": time.process_time() - start, "pairs": sorted(pairs)}, open(sys.argv[2], "w"))
"""


def by_moods(python: str, given: dict) -> tuple[float, set[tuple[int, int]]]:
    """CPU seconds, and the pairs (region, motif) that match."""
    with tempfile.TemporaryDirectory() as folder:
        problem, answer = Path(folder, "problem.json"), Path(folder, "answer.json")
        problem.write_text(json.dumps(given))
        subprocess.run([python, "-c", BY_MOODS, str(problem), str(answer)], check=True)
        found = json.loads(answer.read_text())
    return found["cpu"], {tuple(pair) for pair in found["pairs"]}


def main() -> None:
    """Parse the options, scan twice, print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--regions", "--genome", "--motifs", "--moods"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    sequences = read_sequences(read_bed(options.regions), options.genome)
    motifs = read_motifs(options.motifs)
    background = base_composition(sequences)
    start = time.process_time()
    found = match_matrix(sequences, motifs, pvalue=PVALUE, background=background)
    cpu = time.process_time() - start
    weights = [log_odds(motif, background) for motif in motifs]
    given = {
        "sequences": list(sequences),
        "weights": [weight.T.tolist() for weight in weights],
        "background": [background[base] for base in "ACGT"],
        "thresholds": [score_threshold(w, background, pvalue=PVALUE) for w in weights],
    }
    other_cpu, pairs = by_moods(options.moods, given)
    mine = set(zip(*(where.tolist() for where in found.nonzero()), strict=True))
    bases = int(np.sum([len(text) for text in sequences]))
    print(f"{len(motifs)} motifs, {len(sequences)} regions, {bases} bases, p < {PVALUE}")
    print(f"multiome2vec {cpu:.1f} s of CPU, MOODS {other_cpu:.1f} s ({other_cpu / cpu:.1f} times)")
    print(f"matches: {len(mine)} and {len(pairs)}, {len(mine & pairs)} of them in both")


if __name__ == "__main__":
    main()
