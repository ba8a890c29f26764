"""What the commands of :mod:`multiome2vec.cli` do with their options."""

import argparse
import json
import re
import shutil
from dataclasses import asdict
from pathlib import Path

from multiome2vec.errors import UserError

EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")  # numbers that YAML 1.1 takes for text
STATE = "resume"  # folder in that of a model with the state of its training


def presets(options: argparse.Namespace) -> None:
    """List the presets, or print the settings of one."""
    import yaml

    from multiome2vec.presets import configure, describe

    if options.name:
        plain = json.loads(json.dumps(asdict(configure(options.name, {}))))
        print(yaml.safe_dump(plain, sort_keys=False), end="")
        return
    lines = describe()
    width = max(map(len, lines))
    print("\n".join(f"{name:<{width}}  {text}" for name, text in lines.items()))


def train(options: argparse.Namespace) -> None:
    """Train a model and write it."""
    from multiome2vec import api
    from multiome2vec.training.distributed import join, leave
    from multiome2vec.training.settings import RunSettings

    run = RunSettings(
        device=options.device,
        precision=options.precision,
        compile=options.compile,
        checkpoint_dir=str(Path(options.out) / STATE) if options.resume else None,
    )
    try:
        model = api.train(
            options.data,
            options.preset,
            seed=options.seed,
            batch_key=options.batch_key,
            split_by=options.split_by,
            backend=options.backend,
            run=run,
            **dict(map(setting, options.set)),
        )
        if join(options.device).leader:
            model.save(options.out)
            shutil.rmtree(Path(options.out) / STATE, ignore_errors=True)
            print(model)
    finally:
        leave()


def setting(text: str) -> tuple[str, object]:
    """Key and value of ``key=value``, the value in YAML."""
    import yaml

    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise UserError(f"--set {text}: write KEY=VALUE, such as latent=16.")
    if EXPONENT.fullmatch(value.strip()):
        return key, float(value)
    try:
        return key, yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise UserError(f"--set {text}: the value is no YAML ({error}).") from None


def embed(options: argparse.Namespace) -> None:
    """Write the embedding of cells."""
    from multiome2vec import api
    from multiome2vec.io.atomic import write_h5ad

    cells = api.embed(
        api.load(options.model),
        options.data,
        sources=options.source,
        space=options.space,
        unknown_batches=options.unknown_batches,
        device=options.device,
    )
    write_h5ad(cells, options.out)


def impute(options: argparse.Namespace) -> None:
    """Write expected values."""
    from multiome2vec import api

    library = options.library
    if library != "median":
        try:
            library = float(library)
        except ValueError:
            raise UserError(f"--library is a number or 'median', not '{library}'.") from None
    api.impute(
        api.load(options.model),
        options.data,
        options.out,
        modality=options.modality,
        sources=options.source,
        library=library,
        quantile=options.quantile or None,
        binarise=not options.values,
        unknown_batches=options.unknown_batches,
        device=options.device,
    )


def predict(options: argparse.Namespace) -> None:
    """Score predictions between modalities."""
    from multiome2vec import api

    scores = api.predict(
        api.load(options.model),
        options.data,
        source=options.source,
        target=options.target,
        out=options.values,
        unknown_batches=options.unknown_batches,
        device=options.device,
    )
    report(scores, options.out)


def match(options: argparse.Namespace) -> None:
    """Score the matching of cells."""
    from multiome2vec import api

    scores = api.match(
        api.load(options.model),
        options.data,
        measure=options.measure,
        temperature=options.temperature,
        optimal=options.optimal,
        seed=options.seed,
        unknown_batches=options.unknown_batches,
        device=options.device,
    )
    report(scores, options.out)


def loadings(options: argparse.Namespace) -> None:
    """Write loadings and markers."""
    from multiome2vec import api
    from multiome2vec.io.atomic import write_tsv

    found, markers = api.loadings(
        api.load(options.model), options.data, top=options.top, device=options.device
    )
    write_tsv(found.values.reset_index(), options.out, index=False)
    if options.markers:
        write_tsv(markers, options.markers, index=False)


def saliency(options: argparse.Namespace) -> None:
    """Write what the latent dimensions are read from."""
    from multiome2vec import api
    from multiome2vec.io.atomic import write_tsv
    from multiome2vec.io.regions import write_bed
    from multiome2vec.tasks.saliency import DIMENSIONS, LABELS

    data = api.read(options.data)
    wants = options.labels or options.labels_bed
    if wants and options.label not in data.obs:
        raise UserError(f"{options.data}: obs has no column '{options.label}' (--label).")
    found = api.saliency(
        api.load(options.model),
        data,
        n_cells=options.cells,
        steps=options.steps,
        labels=data.obs[options.label].astype(str).to_numpy() if wants else None,
        device=options.device,
    )
    beds = {DIMENSIONS: options.bed, LABELS: options.labels_bed}
    regions = {
        path: api.salient_regions(found, of=of, top=options.top)
        for of, path in beds.items()
        if path
    }
    tables = {options.out: found.share, options.effects: found.effect, options.labels: found.labels}
    for path, table in tables.items():
        if path:
            write_tsv(table.reset_index(), path, index=False)
    for path, rows in regions.items():
        write_bed(rows, path)


def reconstruct(options: argparse.Namespace) -> None:
    """Score the reconstruction of held-out cells."""
    from multiome2vec import api
    from multiome2vec.io.atomic import save_figure, write_tsv
    from multiome2vec.plots.reconstruction import reconstruction_figure

    found = api.reconstruct(
        api.load(options.model),
        options.data,
        hidden=options.hidden,
        seed=options.seed,
        unknown_batches=options.unknown_batches,
        device=options.device,
    )
    for table, path in ((found.features, options.features), (found.cells, options.cells)):
        if path:
            write_tsv(table, path, index=False)
    if options.figure:
        save_figure(reconstruction_figure(found.features, found.cells), options.figure)
    report(found.scores, options.out)


def bulk(options: argparse.Namespace) -> None:
    """Write a table of bulk expression as h5ad."""
    from multiome2vec.bulk.genes import merge_duplicates, read_coding_genes
    from multiome2vec.bulk.read import read_expression
    from multiome2vec.bulk.samples import as_anndata, read_tissues
    from multiome2vec.io.atomic import write_h5ad

    keep = read_coding_genes(options.genes) if options.genes else None
    found = read_expression(options.table, scale=options.scale, rows=options.rows, keep=keep)
    found = merge_duplicates(found, how=options.duplicates)
    tissues = read_tissues(options.tissues) if options.tissues else None
    filled = []
    if options.model:
        from multiome2vec.bulk.query import align_to_model
        from multiome2vec.tasks.model import Model

        found, missing, _ = align_to_model(found, Model.load(options.model).checkpoint)
        filled = missing["gene"]
    adata = as_anndata(found, tissues=tissues)
    adata.var["filled"] = adata.var_names.isin(filled)
    write_h5ad(adata, options.out)


def report(scores: dict, out: str | None) -> None:
    """Write scores as JSON, or print them."""
    from multiome2vec.io.atomic import write_json

    if out:
        write_json(scores, out)
    else:
        print(json.dumps(scores, indent=1, sort_keys=True))
