"""What a job is made on, looked up when it is requested."""

from collections.abc import Sequence
from typing import Self

from core.models.classifier import Prediction
from dashboard.library.absence import NotThere


class Inputs:
    """What a page, a route or the encoder of messages may ask of any job's inputs."""

    @property
    def labels(self) -> Sequence[str]:
        """Names of the model's classes."""
        return ()

    @property
    def answers(self) -> Sequence[Prediction]:
        """The model's answer for the picture, the likeliest class first, if it is about one as it is."""
        return ()

    def released(self) -> Self:
        """What of it may still be asked for when the job has ended: no folder, say, which fills the disk."""
        return self

    def crop(self) -> bytes:
        """What the model sees of the picture, as PNG.

        Raises
        ------
        NotThere
            If it is not about one picture.
        """
        raise NotThere("This job covers many pictures, so there is no single crop.")
