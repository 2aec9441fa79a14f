"""What a method may need of a network, each with the sentence for the networks that lack it."""

from core.models.classifier import Classifier


def rectifiers(classifier: Classifier) -> str | None:
    """Some ReLU or ReLU6, in whatever form; without one the changed backward rule is the plain gradient."""
    found = classifier.anatomy
    if found.rectifiers:
        return None
    instead = f"; it uses {', '.join(found.other_activations)}" if found.other_activations else ""
    return f"This method changes how ReLUs pass gradients back, and none lies on the way to the pixels{instead}."


def feature_map(classifier: Classifier) -> str | None:
    """A layer whose output keeps the picture's plane."""
    if classifier.anatomy.last_feature_map(len(classifier.labels)):
        return None
    return "This method reads a late layer that keeps the picture's plane, and the network answers from none."
