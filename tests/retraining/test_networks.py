"""Networks that are trained: what they accept, and what a heatmap of them is compared with."""

from dataclasses import replace

import pytest
import torch
from torch import nn

import core
from core.methods.passes import PassBank, Question
from core.models.sources import seeded_construction
from core.pictures.datasets import Labelled, background, fashion_mnist
from core.randomness import generator
from core.retraining.data import collect_data
from core.retraining.folder import StudyFolder
from core.retraining.networks import MOST_OF_A_RUN, NETWORKS, as_classifier, build, maker, network_seed
from core.retraining.spec import RetrainingSpec

CPU = torch.device("cpu")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_takes_the_smallest_pictures(name, squares):
    network = build(name, squares, 0, CPU)
    assert squares.size == (8, 8)
    assert network.train()(squares.normalised(squares.train.pixels[:2])).shape == (2, 2)


def test_a_network_for_larger_pictures_is_refused_in_a_sentence(squares):
    with pytest.raises(
        ValueError, match=r"torchvision/squeezenet1_1 cannot take pictures of 8 × 8 pixels\. Choose larger"
    ):
        build("torchvision/squeezenet1_1", squares, 0, CPU)


def test_asking_a_network_whether_it_takes_a_picture_leaves_it_as_it_was(squares):
    with seeded_construction(3):
        untouched = NETWORKS["batch_norm_cnn"](2, (8, 8))
    built = build("batch_norm_cnn", squares, 3, CPU)
    assert built.training
    assert all(torch.equal(own, built.state_dict()[name]) for name, own in untouched.state_dict().items())


def test_the_background_of_a_study_of_other_data_is_its_own_training_pictures(squares, tmp_path):
    folder = StudyFolder(tmp_path)
    folder.ask(RetrainingSpec(data="squares"))
    folder.keep_network(build("batch_norm_cnn", squares, 0, CPU))
    classifier = folder.network(squares, CPU)
    bank = PassBank(classifier, squares.test.pixels[:1], Question(0))
    assert torch.equal(bank.background, squares.train.pixels[:100])
    assert classifier.dataset == "squares"


def test_a_training_picture_is_no_background_of_itself(squares):
    classifier = as_classifier(build("batch_norm_cnn", squares, 0, CPU), squares, CPU)
    own = PassBank(classifier, squares.train.pixels[2:3], Question(0)).background
    assert torch.equal(own, squares.train.pixels[[0, 1, *range(3, 100)]])


def test_the_bundled_pictures_have_the_background_that_they_had():
    data = collect_data()
    classifier = as_classifier(build("batch_norm_cnn", data, 0, CPU), data, CPU)
    assert classifier.dataset == "fashion_mnist"
    assert torch.equal(classifier.background, background("fashion_mnist", classifier.prepare))
    assert torch.equal(classifier.background, fashion_mnist("train").pixels[:100])


def test_expected_gradients_of_a_study_start_at_its_own_training_pictures(squares, tmp_path):
    """Of a linear network, and with one colour for every training picture, they are known: weight times difference."""
    colour = torch.tensor([0.2, 0.5, 0.7]).view(3, 1, 1)
    alike = Labelled(colour.expand(20, 3, 8, 8).contiguous(), squares.train.labels[:20])
    data = replace(squares, train=alike)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 2))
    with torch.no_grad():
        for weights in linear.parameters():
            weights.copy_(torch.randn(weights.shape, generator=generator(0, "weights")))
    folder = StudyFolder(tmp_path)
    folder.ask(RetrainingSpec(data="squares"))
    folder.keep_data(data)
    kept = folder.data()
    classifier = as_classifier(linear, kept, CPU)
    own = squares.test.pixels[:1]
    heatmap = core.explain(classifier, own, ["expected_gradients"], target=1)["expected_gradients"]
    slope = linear[1].weight[1].view(3, 8, 8) / torch.tensor(kept.std, dtype=torch.float32).view(3, 1, 1)
    torch.testing.assert_close(heatmap.attribution, slope * (own[0] - colour), rtol=1e-3, atol=1e-3)


def test_no_network_draws_by_chance_while_it_learns(squares):
    """MobileNet has dropout and EfficientNet stochastic depth too; two passes of a training batch are equal."""
    for name in ("torchvision/mobilenet_v2", "torchvision/efficientnet_b0"):
        network = build(name, larger(squares), 0, torch.device("cpu")).train()
        batch = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))
        assert torch.equal(network(batch), network(batch))


def larger(data):
    """The same at 32 pixels, which torchvision's networks take."""

    def scaled(part):
        return replace(part, pixels=torch.nn.functional.interpolate(part.pixels, size=(32, 32)))

    return replace(data, train=scaled(data.train), test=scaled(data.test))


def test_a_wrong_name_of_a_network_names_those_of_torchvision_too():
    with pytest.raises(ValueError, match="torchvision/NAME"):
        maker("nosuch")


def test_the_networks_of_two_runs_have_no_seed_in_common():
    seeds = [network_seed(run, number) for run in (-2, -1, 0, 1, 7) for number in range(MOST_OF_A_RUN)]
    assert len(set(seeds)) == len(seeds)
