"""Command line over :mod:`multiome2vec.api` (models without the workflow) and set-up of datasets.

An error that the user can mend ends with its message alone and exit code 2. Several processes
(``torchrun -m multiome2vec train ...``) train one model; the first of them writes it.
"""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence

from multiome2vec import __version__, cli_cells, cli_datasets, cli_doctor, commands, keys
from multiome2vec.commands import STATE
from multiome2vec.errors import UserError
from multiome2vec.logs import FORMAT
from multiome2vec.training.settings import DEVICES, PRECISIONS

DATA = "cells: h5mu, h5ad with var['feature_types'] (or log expression in X), or a zarr of either"
MODEL = "folder that 'train' or the workflow wrote"


class _Formatter(argparse.HelpFormatter):
    """Help that names defaults where there are any."""

    def _get_help_string(self, action: argparse.Action) -> str:
        if action.default in (None, False, argparse.SUPPRESS) or action.default == []:
            return action.help
        return f"{action.help or 'by default'} (default: %(default)s)"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments
        Of the command line, without the program's name; None for those of this process.

    Returns
    -------
    int
        Exit code: 0, or 2 after an error that the user can mend.
    """
    options = _parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING if options.quiet else logging.INFO, format=FORMAT
    )
    try:
        options.run(options)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m multiome2vec",
        description="Set up datasets; train models of single-cell multiome data and use them.",
        epilog="'COMMAND --help' explains a command.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")
    models = (_presets, _train, _embed, _impute, _predict, _match, _reconstruct, _loadings)
    for make in (*models, _saliency, _bulk):
        make(parsers)
    cli_cells.add_commands(parsers, _command)
    cli_datasets.add_commands(parsers, _command)
    cli_doctor.add_command(parsers, _command)
    return parser


def _command(parsers, run: Callable, name: str, text: str) -> argparse.ArgumentParser:
    """Add a command with the options that all have."""
    command = parsers.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        formatter_class=_Formatter,
    )
    command.add_argument("--quiet", action="store_true", help="log warnings and errors alone")
    command.set_defaults(run=run)
    return command


def _task(parsers, run: Callable, name: str, text: str, *, out: str) -> argparse.ArgumentParser:
    """Add a command that applies a model to data."""
    command = _command(parsers, run, name, text)
    command.add_argument("data", help=DATA)
    command.add_argument("--model", required=True, metavar="DIR", help=MODEL)
    command.add_argument("--out", required=not out.startswith("JSON"), metavar="FILE", help=out)
    _device(command)
    return command


def _device(command: argparse.ArgumentParser) -> None:
    command.add_argument("--device", choices=DEVICES, default="auto", help="auto: the GPU if any")


def _queries(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--unknown-batches",
        choices=("refuse", "average"),
        default="refuse",
        help="cells of batches that the model does not know: average tells it of all alike",
    )


def _sources(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--source",
        action="append",
        metavar="MODALITY",
        help="look at this modality alone (may be repeated)",
    )


def _presets(parsers) -> None:
    command = _command(
        parsers, commands.presets, "presets", "list the presets, or show the settings of one"
    )
    command.add_argument("name", nargs="?", help="preset whose settings are shown, as YAML")


def _train(parsers) -> None:
    command = _command(parsers, commands.train, "train", "train a model")
    command.add_argument("data", help=DATA)
    command.add_argument("--out", required=True, metavar="DIR", help="folder to write the model to")
    command.add_argument("--preset", default="trivae", help="see 'presets'")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="setting of the preset, value in YAML (latent=16, 'terms={align: 0.5}'); may be "
        "repeated",
    )
    command.add_argument("--seed", type=int, default=0, help="of weights, split and draws")
    _device(command)
    command.add_argument(
        "--precision", choices=PRECISIONS, default="fp32", help="of matrix products"
    )
    command.add_argument("--compile", action="store_true", help="compile the model's dense parts")
    command.add_argument(
        "--backend",
        choices=("auto", "memory", "backed", "gpu"),
        default="auto",
        help="where sparse values are kept",
    )
    command.add_argument(
        "--batch-key", default=keys.BATCH, metavar="COLUMN", help="column of obs with the batch"
    )
    command.add_argument(
        "--split-by",
        metavar="COLUMN",
        help="column of obs, such as the donor, whose groups are learnt from or held out; without "
        "it a tenth of the cells of every batch is held out",
    )
    command.add_argument(
        "--resume",
        action="store_true",
        help=f"keep the state in DIR/{STATE} every few minutes, and start from the one there",
    )


def _embed(parsers) -> None:
    text = "place cells in the latent space"
    command = _task(parsers, commands.embed, "embed", text, out="h5ad, cells × dimensions")
    command.add_argument(
        "--space",
        choices=("latent", "projection"),
        default="latent",
        help="projection: that of a contrastive preset's heads",
    )
    _sources(command)
    _queries(command)


def _impute(parsers) -> None:
    text = "write expected (denoised, imputed) values of a modality, block by block"
    command = _task(parsers, commands.impute, "impute", text, out="zarr folder (.zarr) or .h5ad")
    command.add_argument("--modality", default=keys.RNA, help="modality to write")
    command.add_argument(
        "--library",
        default="10000",
        metavar="COUNTS",
        help="sum of the expected counts of a cell, or 'median': that of the training cells",
    )
    command.add_argument(
        "--quantile",
        type=float,
        default=0.95,
        help="of each cell, below which accessibility is left out; 0 keeps all",
    )
    command.add_argument(
        "--values", action="store_true", help="write accessibility as expected values, not as 1"
    )
    _sources(command)
    _queries(command)


def _predict(parsers) -> None:
    text = "score the prediction of one modality from another on held-out cells"
    out = "JSON of the scores; printed by default"
    command = _task(parsers, commands.predict, "predict", text, out=out)
    command.add_argument("--source", metavar="MODALITY", help="by default all that were measured")
    command.add_argument("--target", metavar="MODALITY", help="by default all that were measured")
    command.add_argument(
        "--values",
        metavar="FILE",
        help="zarr folder (.zarr) or .h5ad for the predicted values; needs --source and --target",
    )
    _queries(command)


def _match(parsers) -> None:
    text = "score how well held-out cells are found again across modalities"
    out = "JSON of the scores; printed by default"
    command = _task(parsers, commands.match, "match", text, out=out)
    command.add_argument("--measure", choices=("cosine", "euclidean"), default="cosine")
    command.add_argument(
        "--temperature", type=float, default=0.1, help="of the match probability, softmax(-d²/2τ)"
    )
    command.add_argument(
        "--optimal", action="store_true", help="also match one to one (Hungarian, transport)"
    )
    command.add_argument("--seed", type=int, default=0, help="of the batches of --optimal")
    _queries(command)


def _reconstruct(parsers) -> None:
    text = "score how well held-out cells are given back, what was seen and what was hidden"
    out = "JSON of the scores; printed by default"
    command = _task(parsers, commands.reconstruct, "reconstruct", text, out=out)
    command.add_argument("--features", metavar="FILE", help="TSV of the errors of every feature")
    command.add_argument("--cells", metavar="FILE", help="TSV of the errors of every cell")
    command.add_argument("--figure", metavar="FILE", help="PNG of these errors")
    command.add_argument(
        "--hidden", type=float, default=0.15, help="share of the entries hidden for masked_mse"
    )
    command.add_argument("--seed", type=int, default=0, help="of the hidden entries")
    _queries(command)


def _loadings(parsers) -> None:
    text = "write the effect of every latent dimension on every feature, and the markers"
    out = "TSV (gzip if .gz), features × dimensions ordered by variance explained"
    command = _task(parsers, commands.loadings, "loadings", text, out=out)
    command.add_argument("--markers", metavar="FILE", help="TSV of the markers")
    command.add_argument("--top", type=int, default=50, help="markers of each component and end")


def _saliency(parsers) -> None:
    text = "write which features place cells along every latent dimension (integrated gradients)"
    out = "TSV (gzip if .gz), features × dimensions: share of the variance of the dimension"
    command = _task(parsers, commands.saliency, "saliency", text, out=out)
    command.add_argument(
        "--effects", metavar="FILE", help="TSV of the change of a dimension with a feature"
    )
    command.add_argument("--bed", metavar="FILE", help="BED of the top regions of every dimension")
    command.add_argument(
        "--labels", metavar="FILE", help="TSV, features × labels: share in telling the label apart"
    )
    command.add_argument(
        "--labels-bed", metavar="FILE", help="BED of the top regions of every label"
    )
    command.add_argument("--label", default=keys.LABEL, metavar="COLUMN", help="column of obs")
    command.add_argument("--top", type=float, default=0.01, help="share of the regions in a BED")
    command.add_argument("--cells", type=int, default=512, help="of the training, at most")
    command.add_argument("--steps", type=int, default=16, help="points of the integral")


def _bulk(parsers) -> None:
    text = "turn a table of bulk expression (such as GTEx) into an h5ad that 'train' takes"
    command = _command(parsers, commands.bulk, "bulk", text)
    command.add_argument("table", help="tab- or comma-separated, or GCT; plain or gzip")
    command.add_argument("--out", required=True, metavar="FILE", help="h5ad, log2(TPM + 0.001)")
    command.add_argument(
        "--scale", choices=("tpm", "log2_tpm"), required=True, help="log2_tpm: log2(TPM + 0.001)"
    )
    command.add_argument("--rows", choices=("genes", "samples"), default="genes")
    command.add_argument(
        "--genes", metavar="FILE", help="GTF (its protein-coding genes are kept) or list of ids"
    )
    command.add_argument(
        "--duplicates",
        choices=("error", "sum", "largest"),
        default="error",
        help="rows of one gene: refuse, add their TPM, or keep the row of largest mean",
    )
    command.add_argument("--tissues", metavar="FILE", help="GTEx's table of sample attributes")
    command.add_argument(
        "--model",
        metavar="DIR",
        help="bring the table to the genes of this model, to apply it; of genes that the table "
        "lacks (at most one in twenty) its training means are taken",
    )
