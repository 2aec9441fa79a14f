"""Heatmaps, one family per file; every file here is imported, so that its methods are in the registry."""

from core.discovery import import_files

# Methods are listed in this order within a family; a control may name any other method.
import_files(__name__, __path__, first=["perturbation", "surrogates"], last=["control"])
