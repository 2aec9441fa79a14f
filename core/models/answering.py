"""How a network answers: found by sending a few pictures through it when its classifier is built.

A network that was trained elsewhere may answer with probabilities instead of logits, with a tuple, for one picture at a
time, or differently in each batch. What can be put right is, and is noted; what cannot is refused in words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, get_args

import torch
from jaxtyping import Float
from torch import Tensor, nn

from core.models.batching import is_out_of_memory
from core.models.outputs import AnswerReading

TOLERANCE = 1e-3
"""Of the largest answer: what rounding may change between two batches; half precision rounds more."""

MOVES = ("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "ToCopy", "Alias", "Clone", "Select", "Permute")
"""Steps of the graph that move numbers and do not change them."""

SQUASHES = "Sigmoid", "Softmax"
"""Steps that make probabilities of logits."""

NOT_ALONE = (
    "The network's answer to a picture depends on the other pictures in its batch, as batch normalisation without "
    "running statistics makes it. So every picture is sent through it alone."
)
ONE_AT_A_TIME = "The network takes one picture at a time, so every picture is sent through it alone."
READ_TWICE = (
    "The network's answers look like probabilities already; the requested softmax or sigmoid is applied to them once "
    "more. Choose the reading probabilities, or separate probabilities, to take them as they are."
)
MAYBE_READ_TWICE = (
    "The answers to all pictures that were tried lie between 0 and 1. They are read as logits: if they are "
    "probabilities, choose the reading probabilities, or separate probabilities; if not, choose softmax or sigmoid."
)
NO_LOGITS = "The network answers with probabilities; where a logit is requested, the probability is explained."


class AnswerError(ValueError):
    """A network whose answers cannot be explained; the message says why and what to do."""


@dataclass(frozen=True)
class Answering:
    """What is known of how a network answers.

    Parameters
    ----------
    reading
        How its numbers become probabilities.
    channels
        Channels of the pictures that it takes.
    channels_last
        Whether it takes pictures in that memory layout, which is the faster one.
    alone
        Whether each picture has to be sent through by itself.
    widened
        Whether its one number stands for two classes.
    notes
        What a reader needs to know before trusting any result, in sentences.
    """

    reading: AnswerReading = "softmax"
    channels: int = 3
    channels_last: bool = True
    alone: bool = False
    widened: bool = False
    notes: tuple[str, ...] = ()

    @property
    def layout(self) -> torch.memory_format:
        """The memory layout of pictures that it takes."""
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def as_input(
        self, network: nn.Module, pictures: Float[Tensor, "n channels _ _"]
    ) -> Float[Tensor, "n channels _ _"]:
        """Normalised pictures in the precision of the network's weights and in the layout that it takes."""
        return pictures.to(precision(network) or pictures.dtype).contiguous(memory_format=self.layout)

    def ask(self, network: nn.Module, pictures: Float[Tensor, "n channels height width"]) -> Float[Tensor, "n numbers"]:
        """The network's own numbers for normalised pictures, a row for each picture."""
        pictures = self.as_input(network, pictures)
        batches = torch.split(pictures, 1) if self.alone else (pictures,)
        return torch.cat([rows_of(network(batch), len(batch)) for batch in batches])

    def logits(self, rows: Float[Tensor, "n numbers"]) -> Float[Tensor, "n classes"]:
        """A number for each class; the second of two classes is the one that a single number speaks of."""
        if not self.widened:
            return rows
        return torch.cat([1 - rows if self.reading == "probabilities" else -rows, rows], dim=1)


def precision(network: nn.Module) -> torch.dtype | None:
    """The floating-point type of the network's weights; None where it has none."""
    return next((each.dtype for each in network.parameters() if each.is_floating_point()), None)


def tensor_of(answer: Any) -> Tensor:
    """The tensor among what a network returns: its ``logits``, else the first of a sequence, else the only one of a
    mapping.

    >>> tensor_of({"logits": torch.ones(2), "features": torch.zeros(3)})
    tensor([1., 1.])
    >>> tensor_of((torch.ones(2), torch.zeros(3)))
    tensor([1., 1.])

    Raises
    ------
    AnswerError
        Where none of these is a tensor.
    """
    if isinstance(answer, Tensor):
        return answer
    found = answer.get("logits") if isinstance(answer, Mapping) else getattr(answer, "logits", None)
    if found is None and isinstance(answer, Mapping) and len(answer) == 1:
        (found,) = answer.values()
    if found is None and isinstance(answer, Sequence) and len(answer):
        found = answer[0]
    if isinstance(found, Tensor):
        return found
    held = f" with {', '.join(map(repr, answer))}" if isinstance(answer, Mapping) else ""
    raise AnswerError(
        f"It returns {type(answer).__name__}{held}; a tensor is needed, or a tuple that starts with one, or a "
        "dictionary or an object with `logits`. Wrap it in a module that returns the tensor of logits."
    )


def rows_of(answer: Any, count: int) -> Float[Tensor, "count numbers"]:
    """A network's answer as one row for each picture, in single precision at least; axes of length one are dropped.

    >>> rows_of(torch.ones(2, 5, 1, 1), 2).shape
    torch.Size([2, 5])

    Raises
    ------
    AnswerError
        Where it has another shape.
    """
    found = tensor_of(answer)
    lengths = [length for length in found.shape if length != 1]
    numbers = found.numel() // count
    if lengths != [length for length in (count, numbers) if length != 1]:
        pictures = "1 picture" if count == 1 else f"{count} pictures"
        raise AnswerError(
            f"For {pictures} it returns shape {tuple(found.shape)}. A classifier returns one number for each class, "
            f"shape ({count}, classes)."
        )
    return found.reshape(count, numbers).to(torch.promote_types(found.dtype, torch.float32))


@dataclass(frozen=True)
class Probe:
    """A network that is about to be asked how it answers.

    Parameters
    ----------
    normalise
        Normalises pixels in [0, 1].
    """

    name: str
    network: nn.Module
    normalise: Callable[[Tensor], Tensor]
    size: tuple[int, int]
    device: torch.device

    def find(self, classes: int, reading: AnswerReading | None, channels: int) -> Answering:
        """How the network answers, from five pictures or a few more.

        Raises
        ------
        AnswerError
            Where its answers do not fit the labels or the reading, are not finite, or change with every call.
        """
        if reading is not None and reading not in get_args(AnswerReading):
            raise AnswerError(f"The reading must be one of {', '.join(get_args(AnswerReading))}, not {reading!r}.")
        noise = torch.rand(1, channels, *self.size, generator=torch.Generator().manual_seed(0)).to(self.device)
        plain = Answering(channels=channels, channels_last=False)
        with_graph = self.answer(plain, noise.clone().requires_grad_(), graph=True)
        last, alone = last_step(with_graph), with_graph.detach()
        self.check_count(alone.shape[1], classes)
        self.check_finite(alone)
        found, rows = self.how_to_ask(plain, noise, alone)
        self.check_finite(rows)
        return self.read(found, rows, last, classes, reading)

    def answer(self, answering: Answering, pixels: Tensor, graph: bool = False) -> Float[Tensor, "n numbers"]:
        """The network's numbers, or a sentence that says why there are none; a mistake in its code comes through."""
        try:
            with torch.set_grad_enabled(graph):
                return answering.ask(self.network, self.normalise(pixels))
        except AnswerError as error:
            raise AnswerError(f"{self.name} cannot be explained. {error}") from None
        except (RuntimeError, AssertionError, IndexError) as error:  # as layers and their checks refuse a shape
            if isinstance(error, RuntimeError) and is_out_of_memory(error):
                raise
            words = " ".join(str(error).split())[:300]
            raise AnswerError(
                f"{self.name} fails on pixels of shape {tuple(pixels.shape)}: {words or type(error).__name__}"
            ) from error

    def how_to_ask(self, plain: Answering, noise: Tensor, alone: Tensor) -> tuple[Answering, Tensor]:
        """The fastest way to ask it that gives the same answer as asking it about one picture alone.

        Raises
        ------
        AnswerError
            Where even asking in the same way again gives another answer.
        """
        batch = torch.cat([torch.zeros_like(noise), noise, noise, noise])
        note: tuple[str, ...] = ()
        for by_itself, channels_last in product((False, True), (True, False)):
            way = replace(plain, alone=by_itself, channels_last=channels_last, notes=note if by_itself else ())
            try:
                rows = self.answer(way, batch)
            except torch.OutOfMemoryError:
                raise
            except Exception:  # whatever it says of several pictures, it has answered for one
                note = note or (ONE_AT_A_TIME,)
                continue
            if rows.shape[1] == alone.shape[1] and self.same(rows[1:], alone):
                return way, rows
            note = (NOT_ALONE,) if rows.shape[1] == alone.shape[1] else note or (ONE_AT_A_TIME,)
        raise AnswerError(
            f"{self.name} answers differently each time it is asked about one picture, so no map or score could be "
            "repeated. Switch off what is random in it: dropout outside of training, or noise without a fixed seed."
        )

    def same(self, rows: Tensor, alone: Tensor) -> bool:
        """Whether answers to one picture are equal up to rounding."""
        return float((rows - alone).abs().max()) <= self.tolerance() * float(alone.abs().max())

    def tolerance(self) -> float:
        """How far equal answers may differ by rounding, as a share."""
        return max(TOLERANCE, 16 * torch.finfo(precision(self.network) or torch.float32).eps)

    def check_count(self, numbers: int, classes: int) -> None:
        """Refuses a network whose answers do not fit its labels."""
        if numbers == classes or (numbers == 1 and classes == 2):
            return
        returned = f"{numbers} number{'' if numbers == 1 else 's'}"
        labels = f"{classes} label{'' if classes == 1 else 's'}"
        verb = "is" if classes == 1 else "are"
        hint = "If one of them is a background class, give it a label too." if numbers == classes + 1 else ""
        raise AnswerError(
            f"{self.name} answers with {returned} for each picture, but there {verb} {labels}. "
            f"{hint or 'Give a label for each.'}"
        )

    def check_finite(self, rows: Tensor) -> None:
        """Refuses numbers that are not finite."""
        if not torch.isfinite(rows).all():
            raise AnswerError(not_finite(self.name))

    def read(
        self, found: Answering, rows: Float[Tensor, "n numbers"], last: str, classes: int, asked: AnswerReading | None
    ) -> Answering:
        """The same with the reading, which was asked for or shows in the answers.

        Parameters
        ----------
        last
            The network's last step, where that is known.
        """
        single, widened = rows.shape[1] == 1, rows.shape[1] < classes
        sums_to_one = not single and bool((rows.min() >= 0) & ((rows.sum(dim=1) - 1).abs().max() <= self.tolerance()))
        probable = bool((rows.min() >= 0) & (rows.max() <= 1))
        reading = asked or self.found_reading(single, widened, sums_to_one, last)
        if single and reading in ("softmax", "one logit") and not widened:
            reading = "sigmoid"
        if widened and reading in ("softmax", "sigmoid"):
            reading = "one logit"
        if widened and reading == "separate probabilities":
            reading = "probabilities"
        if reading == "one logit" and not widened:
            raise AnswerError(f"{self.name} answers with {rows.shape[1]} numbers; the reading one logit needs one.")
        if "probabilities" in reading and not probable:
            raise AnswerError(f"{self.name} answers with numbers outside 0 to 1, which are no probabilities.")
        if reading == "probabilities" and not (sums_to_one or widened):
            reading = "separate probabilities"
        notes = found.notes
        notes += (NO_LOGITS,) if "probabilities" in reading else ()
        notes += (READ_TWICE,) if "probabilities" not in reading and (sums_to_one or last in SQUASHES) else ()
        guessed = asked is None and not last and "probabilities" not in reading
        notes += (MAYBE_READ_TWICE,) if guessed and probable else ()
        return replace(found, reading=reading, widened=widened, notes=notes)

    def found_reading(self, single: bool, widened: bool, sums_to_one: bool, last: str) -> AnswerReading:
        """The reading that shows in the answers; softmax where nothing does."""
        if sums_to_one:
            return "probabilities"
        if last == "Sigmoid":
            return "probabilities" if widened else "separate probabilities"
        if single:
            return "one logit" if widened else "sigmoid"
        return "softmax"


def last_step(answer: Tensor) -> str:
    """The last step of a computation that changes its numbers, as its graph calls it; empty where there is no graph.

    >>> last_step(torch.zeros(1, 2, requires_grad=True).sigmoid()[:, None].squeeze(1))
    'Sigmoid'
    """
    node = answer.grad_fn
    while node is not None:
        kind = node.name().partition("Backward")[0]
        if kind not in (*MOVES, "Cat"):
            return kind
        node = node.next_functions[0][0]
    return ""


def not_finite(name: str) -> str:
    """The sentence about an answer that holds infinities or no numbers."""
    return (
        f"{name} answered with numbers that are not finite (NaN or infinity), so nothing can be computed from them. "
        "Check its weights, its input range and its precision."
    )
