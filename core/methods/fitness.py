"""What a method may need of a network, each with the sentence for the networks that lack it."""

from core.methods.passes import PassBank
from core.models.classifier import Classifier


def gradients(classifier: Classifier) -> str | None:
    """Logits that depend on the pixels by a gradient; a plain function gives numbers only."""
    if classifier.anatomy.differentiable:
        return None
    return "This method reads gradients or layers, and this model shows neither: only its answers can be asked for."


def rectifiers(classifier: Classifier) -> str | None:
    """Some ReLU or ReLU6, in whatever form; without one the changed backward rule is the plain gradient."""
    found = classifier.anatomy
    if found.rectifiers:
        return None
    instead = f"; it uses {', '.join(found.other_activations)}" if found.other_activations else ""
    return f"This method changes how ReLUs pass gradients back, and none lies on the way to the pixels{instead}."


def tell_of_other_activations(passes: PassBank) -> None:
    """Notes which non-linearities a changed backward rule leaves alone."""
    others = passes.classifier.anatomy.other_activations
    if others:
        passes.note(f"{', '.join(others)} go back as in the plain gradient; only ReLUs are changed.")


def feature_map(classifier: Classifier) -> str | None:
    """A layer whose output keeps the picture's plane."""
    if classifier.anatomy.last_feature_map(len(classifier.labels)):
        return None
    return "This method reads a late layer that keeps the picture's plane, and the network answers from none."


def attention(classifier: Classifier) -> str | None:
    """Layers of attention over all parts of the picture, one after the other, whose weights can be read."""
    found = classifier.anatomy.attention
    counts = {keys for *_, keys in found.shapes}
    queries = {shape[-2] for shape in found.shapes}
    told = " and ".join(f"{count:,}" for count in sorted(counts | queries))
    problem = None
    if not found.shapes and not found.hidden:
        problem = "none was seen in this network"
    elif found.hidden:
        problem = f"{found.hidden} of {found.hidden + len(found.shapes)} attentions here do not show theirs"
    elif any(len(shape) == 4 and shape[0] > 1 for shape in found.shapes):
        problem = f"this network attends within windows of {told} tokens, never over the whole picture"
    elif len(counts | queries) > 1:
        problem = f"the layers of this network look at different numbers of tokens: {told}"
    elif classifier.anatomy.last_tokens(*counts) is None:
        problem = f"the {told} tokens here are not the parts of the picture"
    elif not found.in_series or not found.answering:
        problem = "some attentions of this network stand side by side, so there is no single way through them"
    return problem and f"This method follows attention weights from layer to layer, and {problem}."
