"""What a method may require of a network, each with the sentence for networks that lack it."""

from core.methods.passes import PassBank
from core.models.classifier import Classifier
from core.models.unrolled import is_torchscript

HIDDEN = (
    "This method reads layers, and this network is a TorchScript program, which hides them. "
    "Use the module that it was made from."
)


def gradients(classifier: Classifier) -> str | None:
    """Logits that depend differentiably on the pixels; a plain function returns numbers only."""
    found = classifier.anatomy
    if found.differentiable:
        return None
    if found.obstacle:
        return f"This method needs gradients from the answer to the pixels, and here {found.obstacle}."
    return "This method needs gradients or layers; this model provides outputs only."


def rectifiers(classifier: Classifier) -> str | None:
    """Some ReLU or ReLU6, in whatever form; without one the modified backward rule is the plain gradient."""
    found = classifier.anatomy
    if found.rectifiers:
        return None
    if is_torchscript(classifier.network):
        return HIDDEN
    instead = f"; it uses {', '.join(found.other_activations)}" if found.other_activations else ""
    return f"This method changes how ReLUs pass gradients back, but no ReLU lies between pixels and answer{instead}."


def note_other_activations(passes: PassBank) -> None:
    """Notes the non-linearities that a modified backward rule leaves alone."""
    others = passes.classifier.anatomy.other_activations
    if others:
        passes.note(f"Only ReLUs are changed; {', '.join(others)} pass the plain gradient back.")


def feature_map(classifier: Classifier) -> str | None:
    """A layer with a spatial feature map."""
    if classifier.anatomy.last_feature_map(len(classifier.labels)):
        return None
    if is_torchscript(classifier.network):
        return HIDDEN
    return "This method needs a late layer with a spatial feature map, and this network has none before its answer."


def attention(classifier: Classifier) -> str | None:
    """Layers of attention over all parts of the picture, one after the other, whose weights can be read."""
    found = classifier.anatomy.attention
    if not found.shapes and is_torchscript(classifier.network):
        return HIDDEN
    counts = {keys for *_, keys in found.shapes}
    queries = {shape[-2] for shape in found.shapes}
    listed = " and ".join(f"{count:,}" for count in sorted(counts | queries))
    problem = None
    if not found.shapes and not found.hidden:
        problem = "none were found in this network"
    elif found.hidden:
        problem = f"{found.hidden} of {found.hidden + len(found.shapes)} attention layers here do not expose theirs"
    elif any(len(shape) == 4 and shape[0] > 1 for shape in found.shapes):
        problem = f"this network attends within windows of {listed} tokens, not over the whole picture"
    elif len(counts | queries) > 1:
        problem = f"the layers of this network attend to different numbers of tokens: {listed}"
    elif classifier.anatomy.last_tokens(*counts) is None:
        problem = f"the {listed} tokens here do not correspond to patches of the picture"
    elif not found.in_series or not found.answering:
        problem = "some attention layers here are parallel, so there is no single path through them"
    return problem and f"This method follows attention weights from layer to layer, but {problem}."
