"""What the tests of one explanation or several say, mounted once and fed by their events."""

from collections.abc import Sequence
from typing import Any

from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.components.subject import subject_in_words
from dashboard.explain.one_picture.job import Explanation
from dashboard.jobs.views import JobView
from dashboard.library.models import models
from dashboard.library.pictures import title_of_picture

_COMPONENT = declare("explain/verdict/verdict")


def verdict(explanations: Sequence[Explanation], tests: Sequence[JobView[Any, Any]], stale: bool) -> None:
    """One sentence with counts; of several models a sentence and a table with a row a model.

    Parameters
    ----------
    tests
        What else was asked about the first explanation's maps; a map may pass one test and fail another.
    """
    runs = [
        {
            "run": each.id,
            "title": models.title(each.request.model),
            "methods": list(described(each.request)),
            "probability": next((said.probability for said in each.answers if said.index == each.request.target), None),
        }
        for each in explanations
    ]
    further = [{"run": each.id, "method": getattr(each.request, "method", "")} for each in tests]
    first = explanations[0].request
    about = subject_in_words(first) if len(explanations) == 1 else title_of_picture(first.picture)
    _COMPONENT(data={"runs": runs, "tests": further, "stale": stale, "about": about}, key="verdict")
