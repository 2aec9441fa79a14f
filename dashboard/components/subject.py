"""What a job is about, in words."""

from typing import Any

from core.models.trained import list_trained
from dashboard.library.models import models
from dashboard.library.pictures import title_of_picture
from dashboard.library.sources import title_of_source


def subject_in_words(request: Any) -> str:
    """Its picture or pictures and its model, as far as it has them, in the page's words: "Flower, SqueezeNet 1.1"."""
    titles = {"picture": title_of_picture, "source": title_of_source, "model": title_of_model}
    return ", ".join(title(getattr(request, name)) for name, title in titles.items() if getattr(request, name, ""))


def title_of_model(name: str) -> str:
    """What the pages call a model, also one that was trained here."""
    titles = {trained.name: trained.description.title for trained in list_trained()}
    return titles.get(name) or models.title(name)
