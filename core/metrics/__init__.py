"""Judging heatmaps; importing the files fills the registry, in the order in which people see the scores."""

from core.metrics import fidelity, perturbation, stamp, localisation, robustness, complexity  # isort: skip

__all__ = ["complexity", "fidelity", "localisation", "perturbation", "robustness", "stamp"]
