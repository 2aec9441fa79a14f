"""The perturbation curves of an explanation as numbers."""

from dashboard.components.component import declare
from dashboard.components.methods import described
from dashboard.explain.one_picture.job import Explanation

_COMPONENT = declare("explain/curve_numbers/curve_numbers")


def curve_numbers(explanation: Explanation, stale: bool) -> None:
    """A row a share removed, two columns a method."""
    data = {"run": explanation.id, "methods": list(described(explanation.request)), "stale": stale}
    _COMPONENT(data=data, key="curve_numbers")
