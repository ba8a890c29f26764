"""Command line of :mod:`multiome2vec.datasets`: sample sheets and configurations from data."""

import argparse
import os
from collections.abc import Callable

from multiome2vec import commands_datasets as commands

SERVER = "https://ftp.ncbi.nlm.nih.gov/geo"
SERVER_VARIABLE = "MULTIOME2VEC_GEO"  # another server laid out as NCBI's


def add_commands(parsers, command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands.

    Parameters
    ----------
    parsers
        Of the program's commands.
    command
        Adds one with the options that all have.
    """
    for make in (_samples, _geo, _chromosome_names):
        make(parsers, command)


def _samples(parsers, command: Callable) -> None:
    text = "write a sample sheet and a configuration for a folder of Cell Ranger's outputs"
    parser = command(parsers, commands.samples, "samples", text)
    parser.add_argument(
        "folder",
        help="of one or more runs of cellranger-arc, cellranger or cellranger-atac, aggr included",
    )
    parser.add_argument(
        "--out", metavar="PREFIX", help="PREFIX.samples.tsv, PREFIX.yaml (default: config/FOLDER)"
    )
    _written(parser)


def _geo(parsers, command: Callable) -> None:
    text = "list the files of a series of NCBI GEO, or make a dataset of some of them"
    parser = command(parsers, commands.geo, "geo", text)
    parser.add_argument("accession", help="such as GSE194122")
    parser.add_argument(
        "--files", nargs="+", default=[], metavar="GLOB", help="names of the files to take"
    )
    parser.add_argument(
        "--samples", action="store_true", help="look through the folders of the samples as well"
    )
    parser.add_argument("--out", default="config", metavar="DIR", help="folder to write to")
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="S", help="seconds to wait for an answer"
    )
    parser.add_argument(
        "--server", default=os.environ.get(SERVER_VARIABLE, SERVER), help=argparse.SUPPRESS
    )
    _written(parser)


def _chromosome_names(parsers, command: Callable) -> None:
    text = "write a table of the names that files have for the chromosomes of a FASTA"
    parser = command(parsers, commands.chromosome_names, "chromosome-names", text)
    parser.add_argument("fasta", help="whose names are to be used")
    parser.add_argument(
        "files", nargs="+", metavar="FILE", help="GTF, GFF3, BED or fragments with other names"
    )
    parser.add_argument("--out", required=True, metavar="FILE", help="table of two columns")
    parser.add_argument("--force", action="store_true", help="overwrite it")


def _written(parser: argparse.ArgumentParser) -> None:
    """Options of commands that write a configuration."""
    parser.add_argument(
        "--assembly", metavar="NAME", help="entry of assemblies; guessed if not said"
    )
    parser.add_argument("--force", action="store_true", help="overwrite what is there")
