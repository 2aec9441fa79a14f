"""Heatmaps: one family a file; importing the families fills the registry."""

from core.methods import gradient, path, ensemble, propagation, activation, perturbation, surrogates, extremal, mask_search, attention, control  # noqa: F401, I001 - the order people see
