"""What a retraining study is asked for, and its file: a person writes one, and a study's folder keeps one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Self, get_args

from core.methods.heatmap_request import HeatmapRequest
from core.methods.registry import Settings
from core.pictures.labels import FOLDERS
from core.retraining.data import BUNDLED, HUB, SIDE, LabelledData, check_side, collect_data
from core.retraining.division import MOST_TESTS
from core.retraining.filling import Fill, Filling
from core.retraining.masks import FORMS, Form, Unit, check_places
from core.retraining.networks import MOST_OF_A_RUN, maker
from core.retraining.outcomes import FRACTIONS
from core.retraining.probes import Probe
from core.retraining.training import EPOCHS, PEAK, Recipe
from core.studies.spec_file import (
    Mistake,
    is_count,
    is_names,
    is_number,
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

METHODS = (
    "gradient",
    "integrated_gradients",
    "guided_backprop",
    "smoothgrad",
    "smoothgrad_squared",
    "vargrad",
    "grad_cam",
    "input_x_gradient",
)
CONTROLS = ("random", "sobel")
"""The paper's two; others may be named among the methods."""
ADDED = ("fill", "probes", "stop_early", "test_pictures", "fresh_random")
"""Left out of a file where they are the default: studies that were begun without them keep their text and folder."""


@dataclass(frozen=True, kw_only=True)
class RetrainingSpec:
    """A study of retraining.

    Parameters
    ----------
    methods
        Methods and controls; the paper's two controls are always included.
    data, labels, picture_side, training_pictures, test_pictures
        As in :func:`core.retraining.data.collect_data`.
    forms
        ``roar`` removes the most important places, ``kar`` keeps them and removes all others.
    leak
        Whether networks are trained on the masks alone.
    fill
        What replaces removed places: ``mean``, the mean colour of the training pictures, or ``noisy_linear``, an
        interpolation between what is left.
    probes
        Whether each method's maps are also tried blurred (``blur``) and dilated (``dilate``).
    unit, side
        What is removed as a whole: a pixel, a feature (one channel of a pixel), or a region with this side.
    seeds
        Number of networks for each set of masks.
    stop_early
        Whether a cell gets no further network once its difference from the random control is clear.
    fresh_random
        Whether the random control's masks of training pictures are drawn anew in each epoch, as in the published code,
        where every other mask is fixed. It works like augmentation and flatters the control. Test masks stay.
    network, epochs, peak
        The architecture, and how long and how fast it learns.
    seed
        Of every draw, and of the networks that are retrained: those of two seeds have nothing in common. The explained
        network is one checkpoint, whatever the seed.
    """

    methods: tuple[str, ...] = METHODS
    data: str = BUNDLED
    labels: str = FOLDERS
    picture_side: int = SIDE
    training_pictures: int | None = None
    forms: tuple[Form, ...] = FORMS
    leak: bool = True
    fractions: tuple[float, ...] = FRACTIONS
    unit: Unit = "pixel"
    side: int = 4
    seeds: int = 3
    network: str = Recipe.network
    epochs: int = EPOCHS
    peak: float = PEAK
    seed: int = 0
    settings: Mapping[str, Settings] = field(default_factory=dict)
    fill: Fill = "mean"
    probes: tuple[Probe, ...] = ()
    stop_early: bool = False
    test_pictures: int = MOST_TESTS
    fresh_random: bool = False

    def __post_init__(self) -> None:
        for problem in problems(self):
            raise problem

    @property
    def recipe(self) -> Recipe:
        """How each network is trained."""
        return Recipe(self.network, self.epochs, self.peak)

    @property
    def filling(self) -> Filling:
        """How removed places are filled."""
        return Filling(self.fill, self.seed)

    @property
    def request(self) -> HeatmapRequest:
        """The maps: of the requested methods and of the paper's controls."""
        names = tuple(dict.fromkeys((*self.methods, *CONTROLS)))
        return HeatmapRequest(methods=names, settings=self.settings, seed=self.seed)

    def collect(self) -> LabelledData:
        """The pictures that it is about."""
        return collect_data(
            self.data, self.labels, self.picture_side, self.training_pictures, self.seed, self.test_pictures
        )

    def to_toml(self) -> str:
        """The text of its file, which :meth:`from_toml` reads.

        >>> RetrainingSpec.from_toml(RetrainingSpec(seeds=2).to_toml()) == RetrainingSpec(seeds=2)
        True
        """
        told = {
            each.name: value
            for each in fields(self)
            if (value := getattr(self, each.name)) is not None
            and each.name != "settings"
            and (each.name not in ADDED or value != each.default)
        }
        return written(told, self.settings)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """The spec that a file asks for; whatever it leaves out is the default.

        Raises
        ------
        ValueError
            Where it is not TOML, or holds something else than a spec does, with what is wrong and in which line.
        """
        return spec_of(cls, text, {each.name for each in fields(cls)}, "A retraining study")

    @classmethod
    def read(cls, file: Path) -> Self:
        """The spec in a file, with a folder of pictures found from where the file lies.

        Raises
        ------
        ValueError
            Where it cannot be read.
        """
        spec = cls.from_toml(text_of(file))
        beside = file.parent / spec.data
        named = spec.data == BUNDLED or spec.data.startswith(HUB) or not spec.data.strip()
        return spec if named or not beside.is_dir() else replace(spec, data=str(beside.resolve()))


def problems(spec: RetrainingSpec) -> list[Mistake]:
    """What is wrong with a spec, in sentences; whatever needs the pictures or the network is found later."""
    found = of_wrong_kind(spec, KINDS)
    if found:
        return found
    if not spec.fractions or not all(0 < fraction < 1 for fraction in spec.fractions):
        found.append(Mistake("The fractions must lie between 0 and 1, both excluded.", "fractions"))
    for name in ("fractions", "forms", "probes"):
        if len(set(getattr(spec, name))) < len(getattr(spec, name)):
            found.append(Mistake("Every fraction, form and probe may stand once.", name))
    for name, known in (("unit", Unit), ("fill", Fill)):
        if (value := getattr(spec, name)) not in get_args(known):
            found.append(Mistake(f"The {name} must be one of {', '.join(get_args(known))}, not {value!r}.", name))
    if not set(spec.forms) <= set(FORMS) or not spec.forms:
        told = ", ".join(spec.forms) or "none"
        found.append(Mistake(f"The forms are among {' and '.join(FORMS)}, not {told}.", "forms"))
    if not set(spec.probes) <= set(get_args(Probe)):
        told = ", ".join(spec.probes)
        found.append(Mistake(f"The probes are among {' and '.join(get_args(Probe))}, not {told}.", "probes"))
    if not spec.methods:
        found.append(Mistake("Name at least one method, such as gradient.", "methods"))
    return found or list(misfits(spec))


def misfits(spec: RetrainingSpec) -> Iterator[Mistake]:
    """What does not fit the pictures that are asked for, as far as that shows before they are read."""
    size = collect_data(BUNDLED).size if spec.data == BUNDLED else (spec.picture_side, spec.picture_side)
    for name, check in (
        ("network", partial(maker, spec.network)),
        ("picture_side", partial(check_side, min(size))),
        (
            "fractions" if spec.unit != "region" else "side",
            partial(check_places, spec.unit, spec.side, spec.fractions, size),
        ),
    ):
        try:
            check()
        except ValueError as problem:
            yield Mistake(str(problem), name)


KINDS = (
    ("methods", "a list of names", is_names),
    ("forms", "a list of names", is_names),
    ("data", "a text", is_text),
    ("labels", "a text", is_text),
    ("network", "a text", is_text),
    ("unit", "a text", is_text),
    ("leak", "true or false", is_switch),
    ("fill", "a text", is_text),
    ("probes", "a list of names", is_names),
    ("stop_early", "true or false", is_switch),
    ("fresh_random", "true or false", is_switch),
    ("fractions", "a list of numbers", lambda value: isinstance(value, tuple) and all(map(is_number, value))),
    ("seeds", f"a number from 1 to {MOST_OF_A_RUN:,}", lambda value: is_count(value) and value <= MOST_OF_A_RUN),
    ("epochs", "a number from 1", is_count),
    ("side", "a number from 1", is_count),
    ("picture_side", "a number from 1", is_count),
    ("test_pictures", "a number from 1", is_count),
    ("training_pictures", "a number from 1", or_none(is_count)),
    ("peak", "a number above 0", lambda value: is_number(value) and 0 < value < inf),
    ("seed", "a whole number", is_whole),
    ("settings", "a table for each method, as [settings.smoothgrad]", is_settings),
)
