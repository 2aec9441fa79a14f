"""What is requested of the methods: which of them, with which settings, for which output."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from jaxtyping import Bool, Float
from torch import Tensor

from core.methods.heatmap import Heatmap
from core.methods.method_runs import Event, MethodRun, method_run, run_methods
from core.methods.passes import PassBank
from core.methods.readings import Question
from core.methods.registry import Reduction, Settings, find_method, list_controls
from core.models.class_choice import ClassChoice
from core.models.classifier import Classifier, checked_pixels, checked_target
from core.models.outputs import Output, check_contrast, check_output, rather_than


@dataclass(frozen=True, kw_only=True)
class HeatmapRequest:
    """Heatmaps of any picture by any classifier.

    Parameters
    ----------
    settings
        For each method the settings that differ from the defaults.
    reduction
        How channels are reduced to one number; the method's own if not given, and always that of a control.
    """

    methods: tuple[str, ...] = ()
    settings: Mapping[str, Settings] = field(default_factory=dict)
    output: Output = "logit"
    reduction: Reduction | None = None
    seed: int = 0

    def stream(
        self,
        classifier: Classifier,
        pixels: Float[Tensor, "1 3 height width"],
        target: ClassChoice | None = None,
        truth: Bool[Tensor, "height width"] | None = None,
        rough: bool = True,
    ) -> Iterator[Event]:
        """The heatmaps of one picture, each as soon as it is ready, rough before fine; a step is one batch.

        Parameters
        ----------
        rough
            Whether heatmaps that are not finished are yielded too.

        Raises
        ------
        ValueError
            Where a method, a setting or the class does not exist, or the pixels do not fit the classifier.
        """
        self.check(len(classifier.labels))
        pixels = checked_pixels(classifier, pixels)
        question = Question(checked_target(classifier, pixels, target), self.output, classifier.reading)
        check_contrast(question.target, rather_than(self.output))
        return self.stream_from(PassBank(classifier, pixels, question, self.seed, truth), rough)

    def stream_from(self, bank: PassBank, rough: bool = True) -> Iterator[Event]:
        """The same for the picture, the class and the seed of a pass bank."""
        return run_methods(bank, self.runs(), rough)

    def check(self, classes: int) -> None:
        """Refuses a request that no network with this many classes could serve.

        Raises
        ------
        ValueError
            Where a method or a setting does not exist, a setting belongs to a method that is not requested, or the
            network does not have this output.
        """
        self.runs()
        for name, chosen in self.settings.items():
            find_method(name).complete(chosen)
        check_output(self.output, classes)

    def runs(self) -> list[MethodRun]:
        """A run for each method."""
        return [method_run(name, self.settings.get(name, {}), self.reduction) for name in dict.fromkeys(self.methods)]

    def only(self, methods: Iterable[str]) -> Self:
        """The same for these methods alone."""
        return replace(self, methods=tuple(methods))

    def with_controls(self, truth_known: bool) -> Self:
        """The same with every control that is always included.

        Raises
        ------
        ValueError
            Where a method does not exist.
        """
        controls = [entry.name for entry in list_controls(truth_known)]
        return self.only(dict.fromkeys([*(find_method(name).name for name in self.methods), *controls]))

    def as_made(self, heatmaps: Mapping[str, Heatmap]) -> Self:
        """The same for the methods of these heatmaps, with the settings they were made with."""
        return replace(self.only(heatmaps), settings={name: heatmap.settings for name, heatmap in heatmaps.items()})


def requested(
    methods: Sequence[str],
    seed: int,
    settings: Mapping[str, Settings] | None,
    output: Output,
    reduction: Reduction | None,
) -> HeatmapRequest:
    """A request from the arguments of a function of the public interface.

    Raises
    ------
    ValueError
        Where the methods are a single name instead of a list.
    """
    if isinstance(methods, str):
        raise ValueError(f"methods must be a list of names; write [{methods!r}].")
    return HeatmapRequest(
        methods=tuple(methods), settings=settings or {}, output=output, reduction=reduction, seed=seed
    )
