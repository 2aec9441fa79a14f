"""What a person has selected in the sidebar and on the strip of pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.library.models import Loading
from dashboard.library.pictures import Choice
from dashboard.library.predictions import Look


@dataclass(frozen=True)
class Selection:
    """What the sidebar says once the first model is there, whatever the pictures are.

    Parameters
    ----------
    shared
        What requests of one picture and of many both say.
    target
        Index of the class to explain; None for the predicted one.
    """

    shared: Mapping[str, Any]
    target: int | None = None
    metrics: tuple[str, ...] = ()

    def explained(self, look: Look) -> int:
        """Index of the class that is explained of a picture that a model has seen."""
        return look.top[0].index if self.target is None else self.target


@dataclass(frozen=True)
class Seen:
    """A model and a picture; there is something to ask only once the model is there and has seen the picture."""

    loading: Loading
    picture: Choice | None
    look: Look | None = None

    @property
    def names(self) -> dict[str, str]:
        """Both as a request names them."""
        return {"model": self.loading.name, "picture": self.picture.name if self.picture else ""}
