"""What a study ran on, for whoever reads its folder later."""

import platform
from importlib.metadata import version
from typing import Any

import torch

from core.models.classifier import Classifier
from core.retraining.data import LabelledData
from core.retraining.spec import RetrainingSpec


def manifest(
    spec: RetrainingSpec, classifier: Classifier, data: LabelledData, precision: torch.dtype
) -> dict[str, Any]:
    """Versions, device, precision, seeds and the explained network."""
    return {
        "heatcheck": version("heatcheck"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": str(classifier.device),
        "precision": str(precision).removeprefix("torch."),
        "seed": spec.seed,
        "seeds": list(range(spec.seeds)),
        "weights": classifier.weights_digest,
        "data": data.title,
        "division": data.division,
        "training_pictures": len(data.train.labels),
        "test_pictures": len(data.test.labels),
        "refused": {each.picture: each.reason for each in data.refused},
    }
