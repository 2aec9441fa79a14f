"""What a study is asked for, and its file: a person writes one, and a study's folder keeps one."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Self, get_args

from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import Reduction, Settings, find_method
from core.metrics.answers import Y
from core.metrics.curve_plan import Perturbation
from core.metrics.registry import find_metric
from core.metrics.removal import Unit
from core.pictures.collecting import StudyPicture, collect_pictures
from core.pictures.imputers import find_imputer
from core.pictures.labels import FOLDERS, NAMES
from core.pictures.torchvision_datasets import open_torchvision_dataset
from core.studies.ceilings import refuse_other_units
from core.studies.evaluation import DEFAULT_METRICS, refuse_undefined, with_parts
from core.studies.labelling import EXPLAINED, Explained
from core.studies.spec_file import (
    Mistake,
    as_toml,
    is_count,
    is_names,
    is_settings,
    is_switch,
    is_text,
    is_whole,
    of_wrong_kind,
    or_none,
    spec_of,
    text_of,
    written,
)

COMMENTED = """\
# A study: every method's heatmaps on every picture, judged by every metric, for every model and every seed.
# A line that is left out has the value shown here.

# See `heatcheck models`; also "torchvision/resnet50" or "timm/vit_small_patch16_224".
models = ["efficientnet_lite0"]

# A folder (from where this file lies), "gallery", "fashion_mnist", or "torchvision/NAME". The first `limit` are used.
data = "gallery"
# limit = 20

# Where labels are: "folders", "names" (file names that begin with the label), or a CSV file of files and labels.
# labels = "folders"

# The class that is explained: "predicted" or "labelled".
explained = "predicted"

# See `heatcheck methods` and `heatcheck metrics`. Every control is included.
methods = [METHODS]
metrics = [
METRICS,
]

# Of every random draw; each gives scores of its own.
seeds = [0]

# How channels are reduced: "sum", "abs_sum" or "max_abs"; if left out, the method's own.
# reduction = "abs_sum"

# What replaces a removed pixel; the removal unit, "pixel", "region", "superpixel" or "feature"; the side of a region.
imputer = "dataset_mean"
unit = "pixel"
side = 9

# Value of a curve, "probability", "relative_logit" or "accuracy", and the number of its steps.
y = "probability"
steps = 10

# Whether heatmaps are kept as well.
maps = false

# Settings of a method that differ from its defaults.
# [settings.smoothgrad]
# samples = 30
"""

METHODS = ("gradient", "smoothgrad", "integrated_gradients", "grad_cam")
HUB = "torchvision/"
BUNDLED = ("gallery", "fashion_mnist")


@dataclass(frozen=True, kw_only=True)
class StudySpec:
    """A study: every method's heatmaps on every picture, judged by every metric, for every model and seed.

    Parameters
    ----------
    models
        As in :func:`core.load_classifier`; each is judged by itself.
    data
        A folder, ``gallery``, ``fashion_mnist`` or ``torchvision/NAME``, whose test pictures are taken.
    limit
        Maximum number of pictures; the first ones are used.
    labels
        Where the labels are: ``folders``, ``names``, or a CSV file.
    explained
        The ``predicted`` class of each picture, or the ``labelled`` one; a picture without one is then left out.
    methods
        Every control is included.
    seeds
        Of every random draw; each gives scores of its own.
    settings
        For each method the settings that differ from the defaults.
    imputer, unit, side, y, steps
        As in :class:`core.metrics.curve_plan.Perturbation`.
    maps
        Whether the heatmaps are kept.
    """

    models: tuple[str, ...] = ("efficientnet_lite0",)
    data: str = "gallery"
    limit: int | None = None
    labels: str | None = None
    explained: Explained = "predicted"
    methods: tuple[str, ...] = METHODS
    metrics: tuple[str, ...] = DEFAULT_METRICS
    seeds: tuple[int, ...] = (0,)
    settings: Mapping[str, Settings] = field(default_factory=dict)
    reduction: Reduction | None = None
    imputer: str = "dataset_mean"
    unit: Unit = "pixel"
    side: int = 9
    y: Y = "probability"
    steps: int = 10
    maps: bool = False

    def __post_init__(self) -> None:
        for problem in of_wrong_kind(self, KINDS) or misfits(self):
            raise problem

    @property
    def perturbation(self) -> Perturbation:
        """How pixels are removed."""
        return Perturbation(self.imputer, self.unit, self.side, self.y, self.steps)

    @property
    def asked_metrics(self) -> tuple[str, ...]:
        """The metrics, each ratio after its two parts."""
        return with_parts(self.metrics)

    def request(self, seed: int, marked: bool) -> HeatmapRequest:
        """The maps of a seed, with every control.

        Parameters
        ----------
        marked
            Whether the object is marked on any picture.
        """
        asked = HeatmapRequest(methods=self.methods, settings=self.settings, reduction=self.reduction, seed=seed)
        return asked.with_controls(marked)

    def pictures(self, dataset: str) -> list[StudyPicture]:
        """The pictures that it is about.

        Parameters
        ----------
        dataset
            What the model was trained on; see :func:`core.pictures.collecting.collect_pictures`.

        Raises
        ------
        ValueError
            Where there is none, or a metric needs marked objects and there is none.
        """
        source = (
            open_torchvision_dataset(self.data.removeprefix(HUB), "test") if self.data.startswith(HUB) else self.data
        )
        found = collect_pictures(source, dataset)[: self.limit]
        refuse_undefined(self.asked_metrics, any(picture.truth for picture in found), self.limit)
        return found

    def to_toml(self) -> str:
        """The text of its file, which :meth:`from_toml` reads.

        >>> StudySpec.from_toml(StudySpec(seeds=(1, 2)).to_toml()) == StudySpec(seeds=(1, 2))
        True
        """
        told = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "settings"}
        return written({name: value for name, value in told.items() if value is not None}, self.settings)

    @staticmethod
    def commented() -> str:
        """A file to begin with: every name with its default, and what it is for.

        >>> StudySpec.from_toml(StudySpec.commented()) == StudySpec()
        True
        """
        methods = ", ".join(map(as_toml, METHODS))
        metrics = ",\n".join(f"  {as_toml(name)}" for name in DEFAULT_METRICS)
        return COMMENTED.replace("[METHODS]", f"[{methods}]").replace("METRICS", metrics)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The spec that a file asks for; whatever it leaves out is the default.

        Raises
        ------
        ValueError
            Where it is not TOML, or holds something else than a spec does, with what is wrong and in which line.
        """
        return spec_of(cls, text, {each.name for each in fields(cls)}, "A study")

    @classmethod
    def read(cls, file: Path) -> Self:
        """The spec in a file, with its pictures and its table of labels found from where the file lies.

        Raises
        ------
        ValueError
            Where it cannot be read.
        """
        spec = cls.from_toml(text_of(file))
        if spec.data not in BUNDLED and not spec.data.startswith(HUB):
            spec = replace(spec, data=found_beside(spec.data, file))
        if spec.labels not in (None, FOLDERS, NAMES):
            spec = replace(spec, labels=found_beside(str(spec.labels), file))
        return spec


def found_beside(name: str, file: Path) -> str:
    """The whole path of what lies beside a file; the name as it is where nothing does."""
    beside = file.parent / Path(name).expanduser()
    return str(beside.resolve()) if beside.exists() else name


def misfits(spec: StudySpec) -> Iterator[Mistake]:
    """What is wrong with a spec, in sentences; whatever needs the pictures or a model is found later."""
    for name in ("models", "methods", "metrics", "seeds"):
        values = getattr(spec, name)
        if not values:
            yield Mistake(f"{name} must name at least one.", name)
        if len(set(values)) < len(values):
            yield Mistake(f"Each of the {name} may stand once.", name)
    checks: list[tuple[tuple[str, ...], Callable[[], object]]] = [
        (("explained",), partial(one_of, "explained", spec.explained, tuple(EXPLAINED))),
        (("reduction",), partial(one_of, "reduction", spec.reduction, (None, *get_args(Reduction)))),
        (("unit",), partial(one_of, "unit", spec.unit, get_args(Unit))),
        (("y",), partial(one_of, "y", spec.y, get_args(Y))),
        (("imputer",), partial(find_imputer, spec.imputer)),
        *((("methods",), partial(find_method, name)) for name in spec.methods),
        *((("metrics",), partial(judging_each_picture, name)) for name in spec.metrics),
        (("metrics",), lambda: refuse_undefined(spec.asked_metrics, True, None)),
        (("unit",), lambda: refuse_other_units(spec.asked_metrics, spec.unit)),
        *((("settings", name), partial(find_method, name)) for name in spec.settings),
        *(
            (("settings", name, each), partial(accepted, name, {each: value}))
            for name, own in spec.settings.items()
            for each, value in own.items()
        ),
    ]
    if spec.explained == "labelled" and spec.labels is None:
        yield Mistake("The labelled class can only be explained where labels are read: give labels.", "explained")
    for key, check in checks:
        try:
            check()
        except ValueError as problem:
            yield Mistake(str(problem), *key)


def accepted(method: str, chosen: Settings) -> object:
    return find_method(method).complete(chosen)


def judging_each_picture(name: str) -> None:
    if find_metric(name).needs_pictures:
        raise ValueError(f"{name} is only known over all pictures, and a study keeps each by itself; leave it out.")


def one_of(name: str, value: object, choices: tuple[object, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(str(each) for each in choices if each)}, not {value!r}.")


KINDS = (
    ("models", "a list of names", is_names),
    ("data", "a text", is_text),
    ("limit", "a number from 1", or_none(is_count)),
    ("labels", "a text", or_none(is_text)),
    ("explained", "a text", is_text),
    ("methods", "a list of names", is_names),
    ("metrics", "a list of names", is_names),
    ("seeds", "a list of whole numbers", lambda value: isinstance(value, tuple) and all(map(is_whole, value))),
    ("settings", "a table for each method, as [settings.smoothgrad]", is_settings),
    ("reduction", "a text", or_none(is_text)),
    ("imputer", "a text", is_text),
    ("unit", "a text", is_text),
    ("side", "a number from 1", is_count),
    ("y", "a text", is_text),
    ("steps", "a number from 1", is_count),
    ("maps", "true or false", is_switch),
)
