"""Heatmaps: one family a file; importing the families fills the registry."""

from core.methods import gradient, path, ensemble, activation, perturbation, attention, control  # noqa: F401, I001 - the order people see
