"""Command line of :mod:`multiome2vec.doctor`."""

import argparse
from collections.abc import Callable

from multiome2vec.errors import UserError


def add_command(parsers, command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command ``doctor``."""
    text = "find what an interrupted run left behind, and clear it away on request"
    parser = command(parsers, doctor, "doctor", text)
    parser.add_argument(
        "--repair",
        action="store_true",
        help="cancel own SLURM jobs of this directory, end its orphans, unlock it, "
        "delete temporary files",
    )
    parser.add_argument("--directory", default=".", help="in which snakemake is called")
    parser.add_argument(
        "snakemake",
        nargs="*",
        metavar="-- OPTION",
        help="options of snakemake, to be told what it will run: -- --configfile config/mine.yaml",
    )


def doctor(options: argparse.Namespace) -> None:
    """Print what was found, repair it on request, and print what will run next."""
    from multiome2vec.doctor.diagnosis import diagnose, dry_run, repair
    from multiome2vec.doctor.report import describe

    found = diagnose(options.directory)
    print(describe(found), flush=True)
    if options.repair and not found.sound:
        repair(found)
        found = diagnose(options.directory)
        print(f"\nAfter the repair:\n\n{describe(found)}", flush=True)
    if not found.running:
        print(f"\nWhat will run:\n\n{dry_run(found.directory, options.snakemake)}")
    if not (found.sound or found.running):
        raise UserError("The directory needs a repair.")
