"""HeatCheck's engine: why an image classifier gave its answer, and whether the explanation deserves to be believed.

>>> import core
>>> classifier = core.load_classifier("squeezenet1_1", device="cpu")
>>> pixels = classifier.prepare(core.open_picture(core.gallery()[0].path))
>>> heatmap = core.explain(classifier, pixels, methods=["gradient"])["gradient"]
>>> tuple(heatmap.values.shape)
(224, 224)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.coherency.coherency import stream_coherency
    from core.coherency.truth_anchor import stream_truth_anchor
    from core.generation.priors import list_priors
    from core.generation.reconstruction import stream_reconstruct
    from core.methods.explaining import explain, stream_heatmaps
    from core.methods.heatmap import Heatmap, HeatmapReady, MethodRefused
    from core.methods.registry import Unfit, capability, list_methods
    from core.metrics.ceiling import Ceiling, CeilingReady
    from core.metrics.ceiling_stream import stream_ceiling
    from core.metrics.curves import Curve, CurvePoint, perturb, perturbed, stream_curves
    from core.metrics.distance import stamp_distance
    from core.metrics.fidelity import Fidelity, FidelityReady
    from core.metrics.registry import list_metrics
    from core.models.catalogue import ModelError, list_models, load_classifier
    from core.models.classifier import Classifier, Prediction, predict
    from core.models.functions import as_classifier
    from core.models.onnx_file import from_onnx
    from core.models.outputs import Contrast
    from core.models.wrapping import wrap
    from core.pictures.gallery import gallery
    from core.pictures.imputers import list_imputers
    from core.pictures.opening import PictureError, open_picture
    from core.pictures.stamps import Placed, Stamp, list_stamps
    from core.retraining.fine_tune import stream_fine_tune
    from core.retraining.retraining import stream_retraining
    from core.retraining.single_patch import stream_single_patch
    from core.retraining.spec import RetrainingSpec
    from core.retraining.toy import stream_retraining_toy
    from core.sanity.checks import stream_checks
    from core.sanity.labels import stream_label_check
    from core.sanity.many_pictures import stream_sanity_study
    from core.sanity.randomisation import check_randomisation, stream_randomisation
    from core.stamping.agreement import stream_agreement
    from core.stamping.benchmark import stream_stamp_benchmark, stream_stamp_sweep
    from core.stamping.models import list_stamp_models, load_stamp_model
    from core.stamping.training import stream_stamp_training
    from core.studies.baselines import stream_baselines
    from core.studies.evaluation import evaluate, stream_evaluation
    from core.studies.imputer_rankings import stream_imputer_rankings
    from core.studies.reconstructions import stream_reconstructions
    from core.studies.running import stream_study
    from core.studies.search_convergence import stream_mask_search
    from core.studies.shifted_copies import stream_matched
    from core.studies.spec import StudySpec
    from core.studies.trial import stream_trial

__all__ = [
    "Ceiling",
    "CeilingReady",
    "Classifier",
    "Contrast",
    "Curve",
    "CurvePoint",
    "Fidelity",
    "FidelityReady",
    "Heatmap",
    "HeatmapReady",
    "MethodRefused",
    "ModelError",
    "PictureError",
    "Placed",
    "Prediction",
    "RetrainingSpec",
    "Stamp",
    "StudySpec",
    "Unfit",
    "as_classifier",
    "capability",
    "check_randomisation",
    "evaluate",
    "explain",
    "from_onnx",
    "gallery",
    "list_imputers",
    "list_methods",
    "list_metrics",
    "list_models",
    "list_priors",
    "list_stamp_models",
    "list_stamps",
    "load_classifier",
    "load_stamp_model",
    "open_picture",
    "perturb",
    "perturbed",
    "predict",
    "stamp_distance",
    "stream_agreement",
    "stream_baselines",
    "stream_ceiling",
    "stream_checks",
    "stream_coherency",
    "stream_curves",
    "stream_evaluation",
    "stream_fine_tune",
    "stream_heatmaps",
    "stream_imputer_rankings",
    "stream_label_check",
    "stream_mask_search",
    "stream_matched",
    "stream_randomisation",
    "stream_reconstruct",
    "stream_reconstructions",
    "stream_retraining",
    "stream_retraining_toy",
    "stream_sanity_study",
    "stream_single_patch",
    "stream_stamp_benchmark",
    "stream_stamp_sweep",
    "stream_stamp_training",
    "stream_study",
    "stream_trial",
    "stream_truth_anchor",
    "wrap",
]

# Each name is imported on first use: torch takes seconds to load, and `heatcheck --help` does not need it.
_ROOMS = {
    "core.coherency.coherency": ("stream_coherency",),
    "core.coherency.truth_anchor": ("stream_truth_anchor",),
    "core.generation.priors": ("list_priors",),
    "core.generation.reconstruction": ("stream_reconstruct",),
    "core.methods.explaining": ("explain", "stream_heatmaps"),
    "core.methods.heatmap": ("Heatmap", "HeatmapReady", "MethodRefused"),
    "core.methods.registry": ("Unfit", "capability", "list_methods"),
    "core.metrics.ceiling": ("Ceiling", "CeilingReady"),
    "core.metrics.ceiling_stream": ("stream_ceiling",),
    "core.metrics.curves": ("Curve", "CurvePoint", "perturb", "perturbed", "stream_curves"),
    "core.metrics.fidelity": ("Fidelity", "FidelityReady"),
    "core.metrics.distance": ("stamp_distance",),
    "core.metrics.registry": ("list_metrics",),
    "core.models.catalogue": ("ModelError", "list_models", "load_classifier"),
    "core.models.classifier": ("Classifier", "Prediction", "predict"),
    "core.models.functions": ("as_classifier",),
    "core.models.onnx_file": ("from_onnx",),
    "core.models.outputs": ("Contrast",),
    "core.models.wrapping": ("wrap",),
    "core.pictures.gallery": ("gallery",),
    "core.pictures.imputers": ("list_imputers",),
    "core.pictures.opening": ("PictureError", "open_picture"),
    "core.pictures.stamps": ("Placed", "Stamp", "list_stamps"),
    "core.retraining.fine_tune": ("stream_fine_tune",),
    "core.retraining.retraining": ("stream_retraining",),
    "core.retraining.single_patch": ("stream_single_patch",),
    "core.retraining.spec": ("RetrainingSpec",),
    "core.retraining.toy": ("stream_retraining_toy",),
    "core.sanity.checks": ("stream_checks",),
    "core.sanity.labels": ("stream_label_check",),
    "core.sanity.randomisation": ("check_randomisation", "stream_randomisation"),
    "core.sanity.many_pictures": ("stream_sanity_study",),
    "core.stamping.agreement": ("stream_agreement",),
    "core.stamping.benchmark": ("stream_stamp_benchmark", "stream_stamp_sweep"),
    "core.stamping.models": ("list_stamp_models", "load_stamp_model"),
    "core.stamping.training": ("stream_stamp_training",),
    "core.studies.baselines": ("stream_baselines",),
    "core.studies.evaluation": ("evaluate", "stream_evaluation"),
    "core.studies.imputer_rankings": ("stream_imputer_rankings",),
    "core.studies.reconstructions": ("stream_reconstructions",),
    "core.studies.running": ("stream_study",),
    "core.studies.search_convergence": ("stream_mask_search",),
    "core.studies.shifted_copies": ("stream_matched",),
    "core.studies.spec": ("StudySpec",),
    "core.studies.trial": ("stream_trial",),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
