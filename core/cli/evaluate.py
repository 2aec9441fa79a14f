"""``heatcheck evaluate``: methods scored over many pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, get_args

import typer

import core
from core.cli.options import (
    QUICK,
    Device,
    Imputer,
    Limit,
    Methods,
    Model,
    RatherThan,
    Seed,
    Steps,
    TablesFolder,
    chosen_methods,
    chosen_metrics,
    interruptible,
    load,
    make_folder,
    mistakes_in_words,
    one_of,
)
from core.cli.scores import followed, show_study, written_so_far


def evaluate(
    source: Annotated[
        str,
        typer.Argument(
            help="A folder, optionally with boxes or masks beside the pictures; a COCO file; a picture; "
            "`gallery`; or `fashion_mnist`."
        ),
    ],
    methods: Methods = QUICK,
    metrics: Annotated[
        str, typer.Option(help="Names separated by commas, or `all`; see `heatcheck metrics`. Default: the usual ones.")
    ] = "",
    limit: Limit = None,
    out: TablesFolder = Path("heatcheck_study"),
    model: Model = "efficientnet_lite0",
    imputer: Imputer = "dataset_mean",
    unit: Annotated[
        str, typer.Option(help="Removal unit: pixel, region, superpixel, or feature (one channel of a pixel).")
    ] = "pixel",
    side: Annotated[int, typer.Option(min=1, help="Side of a region in pixels.")] = 9,
    y: Annotated[str, typer.Option(help="Value of a curve: probability, relative_logit or accuracy.")] = "probability",
    steps: Steps = 10,
    labels: Annotated[
        str,
        typer.Option(
            help="Where the pictures' labels are: `folders` (one for each class), `names` (file names that begin with "
            "the label), or a CSV file of files and labels. The accuracy is then reported."
        ),
    ] = "",
    explained: Annotated[str, typer.Option(help="Class to explain: predicted or labelled.")] = "predicted",
    rather_than: RatherThan = "",
    ceiling: Annotated[
        bool,
        typer.Option(
            "--ceiling",
            help="Also score F as a share of what any order of the pixels reaches, found by a search of at least "
            "1,500 passes for each picture.",
        ),
    ] = False,
    seed: Seed = 0,
    device: Device = "auto",
) -> None:
    """Score methods and controls over many pictures. Writes scores.csv, scores.parquet, summary.csv and study.json."""
    from core.metrics.answers import Y
    from core.metrics.removal import Unit
    from core.models.class_choice import chosen_class
    from core.studies.labelling import Explained
    from core.studies.table import Table as Study

    with mistakes_in_words():
        names = chosen_methods(methods)
        chosen_metrics(metrics, marked=True)
        removed: Unit = one_of(unit, "--unit", get_args(Unit))
        read: Y = one_of(y, "--y", get_args(Y))
        which: Explained = one_of(explained, "--explained", get_args(Explained))
        make_folder(out)
    asked = {"source": source, "model": model, "methods": names, "limit": limit, "imputer": imputer, "unit": unit}
    asked |= {"side": side, "y": y, "steps": steps, "labels": labels or None, "explained": explained, "seed": seed}
    study = Study(asked, seed)
    with interruptible(lambda: written_so_far(study, out)), mistakes_in_words():
        classifier = load(model, device)
        other = chosen_class(classifier.labels, rather_than, classifier.name) if rather_than else None
        study.asked |= {"rather_than": None if other is None else classifier.labels[other]}
        judged_by = chosen_metrics(metrics, has_truth(source, classifier.dataset, limit))
        if ceiling:
            judged_by = [*judged_by, "ceiling_share"]
        study.asked |= {"metrics": judged_by, "weights": classifier.weights_digest}
        study.asked |= {"reading": classifier.reading, "notes": list(classifier.notes)}
        stream = core.stream_evaluation(
            classifier, source, names, judged_by, limit, seed,
            output="logit" if other is None else core.Contrast(other), imputer=imputer, unit=removed, side=side,
            y=read, steps=steps, labels=labels or None, explained=which,
        )  # fmt: skip
        summary = followed(stream, study, out)
    show_study(study, summary, out)


def has_truth(source: str, dataset: str, limit: int | None) -> bool:
    """Whether any of these pictures has boxes or masks."""
    from core.pictures.collecting import collect_pictures

    return any(picture.truth for picture in collect_pictures(source, dataset)[:limit])
