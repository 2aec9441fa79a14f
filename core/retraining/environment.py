"""What a study ran on, for whoever reads its folder later."""

from typing import Any

import torch

from core.models.classifier import Classifier
from core.retraining.data import LabelledData
from core.retraining.networks import network_seed
from core.retraining.spec import RetrainingSpec


def manifest(
    spec: RetrainingSpec, classifier: Classifier, data: LabelledData, precision: torch.dtype
) -> dict[str, Any]:
    """What all runs of a study share: precision, seeds, pictures and the explained network."""
    return {
        "precision": str(precision).removeprefix("torch."),
        "seed": spec.seed,
        "seeds": [network_seed(spec.seed, number) for number in range(spec.seeds)],
        "weights": classifier.weights_digest,
        "data": data.title,
        "division": data.division,
        "training_pictures": len(data.train.labels),
        "test_pictures": len(data.test.labels),
        "refused": {each.picture: each.reason for each in data.refused},
    }
