"""What is explained and what stands as a probability follow the reading and the contrast."""

import pytest
import torch

import core
from core.models.outputs import Contrast, predicts, probability_of, read_output


def test_a_contrast_explains_the_difference_of_two_logits(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    names = ["gradient", "input_x_gradient", "occlusion"]
    why, one, other = (
        core.explain(classifier, pixels, names, target=0, output=Contrast(2)),
        core.explain(classifier, pixels, names, target=0),
        core.explain(classifier, pixels, names, target=2),
    )
    for name in names:
        torch.testing.assert_close(why[name].attribution, one[name].attribution - other[name].attribution)


def test_curves_of_a_contrast_show_the_share_of_the_class_among_the_two(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    logits = classifier(pixels)[0].detach()
    curves = core.perturb(classifier, pixels, {"map": pixels[0, 0]}, target=0, steps=2, rather_than=2)
    assert float(curves["map", "mif"].values[0]) == pytest.approx(float(logits[[0, 2]].softmax(dim=0)[0]))
    led = core.perturb(classifier, pixels, {"map": pixels[0, 0]}, target=0, steps=2, rather_than=2, y="accuracy")
    assert float(led["map", "mif"].values[0]) == float(logits[0] > logits[2])


def test_a_trial_judges_a_contrast_by_its_own_curves(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    target, other = (2, 0) if linear(pixels)[0, 2] > linear(pixels)[0, 0] else (0, 2)
    events = core.stream_trial(
        classifier, pixels, ["input_x_gradient"], target=target, output=Contrast(other),
        imputer="black", y="relative_logit", steps=4,
    )  # fmt: skip
    points = [each for each in events if isinstance(each, core.CurvePoint) and each.method == "input_x_gradient"]
    exact = (pixels[0] * (linear.weight[target] - linear.weight[other])).detach().sum(dim=0).flatten()
    by_rank = exact.sort(descending=True).values
    for point in (each for each in points if each.order == "mif"):
        left = by_rank[round(point.fraction * len(by_rank)) :].sum() / exact.sum()
        assert point.value == pytest.approx(float(left), abs=1e-5)


def test_a_class_is_not_contrasted_with_itself_nor_with_one_that_is_not_there(classifier_of, linear, pixels):
    classifier = classifier_of(linear)
    with pytest.raises(ValueError, match="both class 1"):
        core.explain(classifier, pixels, ["gradient"], target=1, output=Contrast(1))
    with pytest.raises(ValueError, match="both class 1"):
        core.perturb(classifier, pixels, {"map": pixels[0, 0]}, target=1, rather_than=1)
    with pytest.raises(ValueError, match="classes 0 to 2; there is no class 3"):
        core.explain(classifier, pixels, ["gradient"], target=1, output=Contrast(3))


def test_the_share_among_two_classes_needs_no_others():
    logits = torch.tensor([[1.0, 3.0, 50.0]])
    assert float(probability_of(logits, 1, "softmax", other=0)) == pytest.approx(1 / (1 + 2.718281828**-2.0))
    chances = torch.tensor([[0.2, 0.6, 0.2]])
    assert float(probability_of(chances, 1, "probabilities", other=0)) == pytest.approx(0.75)


def test_prediction_is_by_rank_where_classes_exclude_each_other_and_by_half_where_they_do_not():
    logits = torch.tensor([[0.4, 0.5, -1.0]])
    assert [bool(predicts(logits, target, "softmax")) for target in range(3)] == [False, True, False]
    assert [bool(predicts(logits, target, "sigmoid")) for target in range(3)] == [True, True, False]


@pytest.mark.parametrize("reading", ["softmax", "sigmoid", "probabilities"])
def test_deeplift_of_a_probability_adds_up_under_every_reading(reading):
    from core.methods.readings import Question
    from core.methods.rescaling import logit_weights

    draw = torch.Generator().manual_seed(5)
    logits, starts = torch.rand(2, 4, generator=draw), torch.rand(2, 4, generator=draw)
    question = Question(1, "probability", reading)
    changes = (logit_weights(question, logits, starts) * (logits - starts)).sum(dim=1)
    torch.testing.assert_close(changes, question(logits) - question(starts), rtol=1e-4, atol=1e-6)


def test_the_explained_probability_is_that_of_the_reading():
    logits = torch.tensor([[0.3, -0.2]])
    assert float(read_output(logits, 0, "probability", "sigmoid")) == pytest.approx(float(logits.sigmoid()[0, 0]))
    assert float(read_output(logits, 0, "probability", "probabilities")) == pytest.approx(0.3)
