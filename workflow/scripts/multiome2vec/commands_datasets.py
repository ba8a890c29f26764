"""What the commands ``samples``, ``geo`` and ``chromosome-names`` do with their options."""

import argparse
from pathlib import Path

from multiome2vec.errors import UserError

REFERENCES = Path("resources/references.tsv")


def samples(options: argparse.Namespace) -> None:
    """Write a sample sheet and a configuration for a folder of Cell Ranger's outputs."""
    from multiome2vec.datasets.draft import config_text, dataset_name, sheet_text, write_texts
    from multiome2vec.datasets.folder import find_samples

    folder = Path(options.folder)
    out = Path(options.out or f"config/{dataset_name(folder.resolve().name)}")
    draft = find_samples(folder, name=dataset_name(out.name), assembly=options.assembly or "")
    sheet, config = out.with_name(f"{out.name}.samples.tsv"), out.with_name(f"{out.name}.yaml")
    texts = {
        sheet: sheet_text(draft.rows),
        config: config_text(draft, sheet=sheet, tables=[], references=REFERENCES),
    }
    write_texts(texts, force=options.force)
    _report(draft, texts)


def geo(options: argparse.Namespace) -> None:
    """List a series of GEO, or write the chosen files of it as a dataset."""
    from multiome2vec.datasets import geo as library
    from multiome2vec.datasets.draft import config_text, sheet_text, write_texts
    from multiome2vec.datasets.remote import Server

    server = Server(options.server, timeout=options.timeout)
    accession = options.accession.upper()
    series = library.read_series(accession, server, samples=options.samples)
    if not options.files:
        print(f"{accession}, files (what they are is guessed from their names):")
        print(library.listed(series.files))
        print(
            "\nChoose by name: --files '*filtered_feature_bc_matrix.h5' '*fragments.tsv.gz'\n"
            "Members of an archive are chosen by their own names."
            + ("" if options.samples else " Files of single samples: --samples")
        )
        return
    chosen = library.choose_files(series, options.files)
    draft = library.draft_of(series, chosen, assembly=options.assembly or "")
    paths = library.write_paths(Path(options.out), accession)
    tables = [paths["tables"]]
    texts = {
        paths["tables"]: library.table_text(library.rows_of(series, chosen, server)),
        paths["sheet"]: sheet_text(draft.rows),
        paths["config"]: config_text(
            draft, sheet=paths["sheet"], tables=tables, references=REFERENCES
        ),
    }
    write_texts(texts, force=options.force)
    print(f"{len(chosen)} file(s) chosen:\n{library.listed(chosen)}\n")
    _report(draft, texts)


def chromosome_names(options: argparse.Namespace) -> None:
    """Write a table of the names that files have for the chromosomes of a FASTA."""
    from multiome2vec.datasets.draft import write_texts
    from multiome2vec.io.chromosome_names import names_in, propose
    from multiome2vec.io.genome import read_titles

    titles = read_titles(options.fasta)
    table: dict[str, str] = {}
    for path in options.files:
        theirs = names_in(path)
        foreign = [name for name in theirs if name not in titles]
        found = propose(foreign, titles, titles=titles)
        rest = [name for name in foreign if name not in found]
        print(
            f"{path}: {len(theirs)} names, {len(theirs) - len(foreign)} as in the FASTA, "
            f"{len(found)} translated, {len(rest)} not" + (f" ({rest[0]}, ...)" if rest else "")
        )
        table |= found
    if not table:
        raise UserError("No name could be translated: there is no table to write.")
    text = "".join(f"{name}\t{ours}\n" for name, ours in table.items())
    write_texts({Path(options.out): text}, force=options.force)
    print(f"wrote {options.out}: look it over, and give it as assemblies.<name>.chromosome_names")


def _report(draft, texts: dict[Path, str]) -> None:
    """Print what was found, guessed and written."""
    from multiome2vec.datasets.draft import sheet_text, shown

    print(f"{len(draft.rows)} sample(s):\n")
    print(sheet_text(draft.rows))
    for note in draft.notes:
        print(f"guessed: {note}")
    print("\n".join(["", *(f"wrote {shown(path)}" for path in texts)]))
    config = next(path for path in texts if path.suffix == ".yaml")
    print(f"\nLook them over, then: snakemake preflight --cores 4 --configfile {shown(config)}")
