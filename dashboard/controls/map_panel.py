"""What every page requests of heatmaps besides their methods: the output and the settings."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.models.classifier import Classifier
from dashboard.controls.method_panel import choose_settings
from dashboard.controls.trial_panel import choose_output, choose_reduction


def advanced() -> DeltaGenerator:
    """The place in the sidebar for what few people set; closed at first."""
    return st.expander("Advanced", key="advanced")


def choose_maps(model: str, classifier: Classifier, methods: Sequence[str]) -> dict[str, Any]:
    """The choices by the names that a request has for them."""
    return {
        "model": model,
        "methods": tuple(methods),
        "output": choose_output(classifier),
        "reduction": choose_reduction(),
        "settings": choose_settings(classifier, methods),
    }
