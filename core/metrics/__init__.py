"""Judging heatmaps; every file here is imported, so that its metrics are in the registry."""

from core.discovery import import_files

# Metrics are listed in this order.
import_files(
    __name__, __path__, first=["fidelity", "perturbation", "leak", "stamp", "localisation", "robustness", "complexity"]
)
