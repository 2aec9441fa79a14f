"""Heatmaps: one family a file; importing the families fills the registry."""

from core.methods import gradient  # noqa: I001 - the order in which people see them
from core.methods import path
from core.methods import ensemble
from core.methods import propagation
from core.methods import activation
from core.methods import perturbation, surrogates, extremal, mask_search
from core.methods import attention
from core.methods import control

__all__ = [
    "activation",
    "attention",
    "control",
    "ensemble",
    "extremal",
    "gradient",
    "mask_search",
    "path",
    "perturbation",
    "propagation",
    "surrogates",
]
