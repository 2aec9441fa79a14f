"""Reconstruction: what is kept to the bit, what a perfect prior gives in closed form, and what is asked of a fill."""

from collections import defaultdict
from itertools import product

import pytest
import torch
from torch import nn

import core
from core.generation.holes import Region
from core.generation.pools import collect_pool
from core.generation.priors import Scene, find_prior, whole
from core.generation.reconstruction import ReconstructionReady, VariationsReady
from core.jobs.events import Progress
from core.metrics.statistics import clopper_pearson
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_picture
from core.randomness import generator

P = 0.3
SIZE = (3, 4)


class Counting(nn.Module):
    """Class 1 where more than four pixels are white, class 0 elsewhere."""

    def forward(self, pixels):
        white = pixels[:, 0].flatten(1).sum(dim=1)
        return torch.stack([4.5 - white, white - 4.5], dim=1)


def coins(pixels, hole, count, seed):  # noqa: ARG001
    """The perfect prior of pictures whose pixels are white with that probability, each by itself."""
    tossed = torch.rand(count, 1, *SIZE, generator=generator(seed, "coins")) < P
    return tossed.float().expand(-1, 3, -1, -1)


@pytest.fixture
def counting(classifier_of):
    return classifier_of(Counting(), size=SIZE, classes=2, batch=64)


def reconstructed(*arguments, **options):
    """The last of each region's results."""
    events = core.stream_reconstruct(*arguments, **options)
    return {(each.method, each.share, each.region): each for each in events if isinstance(each, ReconstructionReady)}


def test_a_perfect_prior_keeps_the_class_as_often_as_it_is_kept_among_all_pictures(counting):
    """Hidden white pixels are binomial; with two or more of them beside the three that are seen the class is lost."""
    pixels = torch.zeros(1, 3, *SIZE)
    pixels[:, :, 0, :3] = 1  # three white pixels are seen, and the class is 0
    hole = torch.ones(SIZE, dtype=torch.bool)
    hole[0] = False
    hidden = int(hole.sum())
    expected = sum(
        P ** sum(white) * (1 - P) ** (hidden - sum(white)) for white in product((0, 1), repeat=hidden) if sum(white) < 2
    )
    kept = []
    for seed in range(40):
        found = reconstructed(
            counting, pixels, {"mine": hole}, prior=coins, variations=64, seed=seed, regions=["salient"]
        )
        kept += [each.kept for each in found.values()]
    share, spread = sum(kept) / len(kept), (expected * (1 - expected) / (64 * len(kept))) ** 0.5
    assert abs(share - expected) < 4 * spread


def test_the_energy_of_a_perfect_prior_is_half_the_mean_distance_of_two_pictures(counting):
    """One hidden pixel: E|X - X'| / 2 = 2 · 2p(1 - p) / 2, on average over the pictures."""
    hole = torch.zeros(SIZE, dtype=torch.bool)
    hole[1, 1] = True
    scores = []
    for seed in range(200):
        pixels = coins(None, None, 1, 1000 + seed)
        (found,) = reconstructed(counting, pixels, {"mine": hole}, prior=coins, seed=seed, regions=["salient"]).values()
        scores.append(found.energy)
    scores = torch.tensor(scores)
    assert abs(float(scores.mean()) - 2 * P * (1 - P)) < 4 * float(scores.std()) / len(scores) ** 0.5


@pytest.mark.parametrize("prior", ["donors", "exemplars", coins])
def test_seen_pixels_are_kept_to_the_bit_and_without_a_hole_all_are(clothes_cnn, garment, counting, prior):
    classifier, pixels = (counting, coins(None, None, 1, 7)) if prior is coins else (clothes_cnn, garment)
    values = torch.rand(classifier.size, generator=generator(0))
    for event in core.stream_reconstruct(classifier, pixels, {"mine": values}, shares=(0.0, 0.3), prior=prior):
        if isinstance(event, VariationsReady):
            seen = ~event.hole
            assert (event.pictures[:, :, seen] == pixels[:, :, seen]).all()
            assert event.pictures.shape == (1 if event.region == "unfilled" else 16, *pixels.shape[1:])
            if event.share == 0 and event.region in ("salient", "random"):
                assert not event.hole.any()
                assert (event.pictures == pixels).all()
                assert all(event.kept)


def test_the_model_is_asked_about_the_variations_and_answers_as_it_does_alone(clothes_cnn, garment):
    target = int(clothes_cnn.logits(garment).argmax())
    values = torch.rand(28, 28, generator=generator(1))
    events = list(core.stream_reconstruct(clothes_cnn, garment, {"mine": values}, prior="donors", variations=40))
    for event in events:
        if isinstance(event, VariationsReady):
            logits = clothes_cnn.logits(event.pictures)
            assert event.confidences == pytest.approx(logits.softmax(1)[:, target].tolist(), abs=1e-5)
            assert event.kept == tuple((logits.argmax(1) == target).tolist())
    last = {each.region: each for each in events if isinstance(each, ReconstructionReady)}
    assert {region: each.variations for region, each in last.items()} == {
        "salient": 40, "random": 40, "inverted": 40, "unfilled": 1
    }  # fmt: skip
    for region, found in last.items():
        made = [each for each in events if isinstance(each, VariationsReady) and each.region == region]
        kept = [one for each in made for one in each.kept]
        confidences = [one for each in made for one in each.confidences]
        assert found.kept == sum(kept) / len(kept)
        different = {each.numpy().tobytes() for made_at_once in made for each in made_at_once.pictures}
        assert (found.low, found.high) == clopper_pearson(found.kept, len(different))
        assert found.confidence == pytest.approx(sum(confidences) / len(kept))
        ordered = [(kept[number], confidences[number]) for number in found.order]
        assert ordered == sorted(ordered, reverse=True)


def test_equal_maps_get_equal_variations_whatever_they_are_called(clothes_cnn, garment):
    values = torch.rand(28, 28, generator=generator(2))
    for prior in ("donors", "refined_donors", "exemplars", "dcgan"):
        stream = core.stream_reconstruct(clothes_cnn, garment, {"one": values, "other": values}, prior=prior)
        made: defaultdict[tuple[str, str], list[torch.Tensor]] = defaultdict(list)
        for each in stream:
            if isinstance(each, VariationsReady):
                made[each.method, each.region].append(each.pictures)
        for region in ("salient", "random", "inverted"):
            own, other = (torch.cat(made[name, region]) for name in ("one", "other"))
            assert len(own) == 16
            assert torch.equal(own, other), (prior, region)


def test_equal_variations_count_once_in_the_interval(counting):
    """A function that always returns the same says no more with 64 fills than with one."""

    def always(pixels, hole, count, _seed):
        return coins(pixels, hole, 1, 3).expand(count, -1, -1, -1)

    pixels = coins(None, None, 1, 7)
    asked = {"prior": always, "variations": 64, "regions": ["salient"]}
    (found,) = reconstructed(counting, pixels, {"mine": pixels[0, 0]}, **asked).values()
    assert found.variations == 64
    assert (found.low, found.high) == clopper_pearson(found.kept, 1)


@pytest.mark.parametrize("prior", ["flow", "refined_donors", "dcgan"])
def test_a_prior_that_was_trained_on_other_pictures_is_refused_before_anything_is_computed(clothes_cnn, garment, prior):
    own = [*fashion_mnist("train").pixels[:20]]
    with pytest.raises(ValueError, match=r"bundled for .* Use the prior donors or exemplars"):
        core.stream_reconstruct(clothes_cnn, garment, {"mine": garment[0, 0]}, prior=prior, source=pictures_of(own))
    with pytest.raises(ValueError, match="bundled for"):
        core.stream_reconstructions(
            clothes_cnn, "fashion_mnist", ["gradient"], prior=prior, donors=pictures_of(own), limit=1
        )


def test_a_folder_is_listed_at_the_call_and_opened_in_steps_of_one_picture(clothes_cnn, garment, tmp_path):
    for number in range(20):
        to_picture(fashion_mnist("train").pixels[number]).save(tmp_path / f"{number:02}.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    asked = {"prior": "donors", "regions": ["salient"], "source": tmp_path}
    events = list(core.stream_reconstruct(clothes_cnn, garment, {"mine": garment[0, 0]}, **asked))
    opened = [each for each in events if isinstance(each, Progress) and each.unit == "picture"]
    assert [(each.done, each.total) for each in opened] == [(done, 21) for done in range(1, 22)]
    assert events[: len(opened)] == opened
    (tmp_path / "few").mkdir()
    to_picture(garment[0]).save(tmp_path / "few" / "only.png")
    with pytest.raises(ValueError, match=r"few has 1\. At least two are needed"):
        core.stream_reconstruct(clothes_cnn, garment, {"mine": garment[0, 0]}, source=tmp_path / "few")
    with pytest.raises(ValueError, match=r"few has 1\. At least two are needed"):
        core.stream_reconstructions(clothes_cnn, "fashion_mnist", ["gradient"], donors=tmp_path / "few")


def test_what_is_made_in_steps_counts_up_to_every_variation(clothes_cnn, garment):
    asked = {"prior": "exemplars", "regions": ["salient"], "variations": 20}
    events = list(core.stream_reconstruct(clothes_cnn, garment, {"mine": garment[0, 0]}, **asked))
    done = [each.done for each in events if isinstance(each, Progress)]
    assert done == sorted(done)
    assert done[-1] == 20
    assert len([each for each in done if each != int(each)]) > 10


def pictures_of(pixels):
    return [to_picture(each) for each in pixels]


@pytest.mark.parametrize(("prior", "first"), [("donors", 16), ("refined_donors", 2), ("flow", 2)])
def test_of_a_slow_prior_a_few_come_first_then_sixteen_at_once_and_more_of_them_change_nothing(
    clothes_cnn, garment, prior, first
):
    values = torch.rand(28, 28, generator=generator(2))

    def made(n):
        asked = {"prior": prior, "variations": n, "regions": ["salient", "random"]}
        stream = core.stream_reconstruct(clothes_cnn, garment, {"mine": values}, **asked)
        return [each for each in stream if isinstance(each, VariationsReady)]

    few, many = made(16), made(40)
    steps = [(each.region, each.first) for each in many]
    assert steps == [("salient", at) for at in sorted({0, first, 16, 32})] + [("random", at) for at in (0, 16, 32)]
    for region in ("salient", "random"):
        one, other = (torch.cat([each.pictures for each in some if each.region == region]) for some in (few, many))
        torch.testing.assert_close(one, other[:16], atol=1e-5, rtol=0)


class Listened:
    """The draws of every purpose, each of which is written down."""

    def __init__(self):
        self.drawn = {}

    def __call__(self, *purpose):
        self.drawn[purpose] = generator(0, *purpose)
        return self.drawn[purpose]

    @property
    def ends(self):
        """Where each purpose's draws have come to."""
        return {purpose: draw.get_state().tolist() for purpose, draw in self.drawn.items()}


@pytest.mark.parametrize(
    ("prior", "tolerance"), [("donors", 0.0), ("exemplars", 0.0), ("flow", 1e-4), ("refined_donors", 1e-4)]
)
def test_a_fill_depends_on_its_number_and_not_on_those_that_are_made_with_it(clothes_cnn, garment, prior, tolerance):
    """The draws are equal to the bit; a network's sums are rounded otherwise in a batch of another size."""
    scene, hole = Scene(garment, collect_pool(clothes_cnn), fills=32), torch.rand(28, 28, generator=generator(2)) < 0.5
    fill = find_prior(prior).prepare(scene)
    made = {}
    for chunk in (1, 4, 16, 32):
        draws = Listened()
        fills = [whole(fill(hole, range(at, at + chunk), draws)) for at in range(0, 32, chunk)]
        made[chunk] = torch.cat(fills)[:, :, hole], draws.ends
    assert (made[32][0] - made[32][0][0]).abs().max() > 0.1
    for chunk in (1, 4, 16):
        assert made[chunk][1] == made[32][1]
        torch.testing.assert_close(made[chunk][0], made[32][0], atol=tolerance, rtol=0)


def test_a_black_box_that_only_answers_is_reconstructed_too():
    asked = []

    def answer(pixels):
        asked.append(len(pixels))
        return [[float(each.mean()), 0.4] for each in pixels]

    classifier = core.as_classifier(answer, size=(28, 28), labels=["light", "dark"])
    pixels = torch.rand(1, 3, 28, 28, generator=generator(0))
    found = reconstructed(classifier, pixels, {"mine": pixels[0, 0]}, prior="exemplars")
    assert len(found) == 4
    assert sum(asked) >= 3 * 16 + 1


def test_the_unfilled_hole_is_the_mean_colour_and_has_no_energy(clothes_cnn, garment):
    hole = torch.zeros(28, 28, dtype=torch.bool)
    hole[8:20, 8:20] = True
    events = list(core.stream_reconstruct(clothes_cnn, garment, {"mine": hole}, prior="donors", regions=["unfilled"]))
    (made,) = [each for each in events if isinstance(each, VariationsReady)]
    mean = torch.tensor(clothes_cnn.dataset_mean)
    assert torch.equal(made.pictures[0][:, hole], mean[:, None].expand(-1, 144))
    assert [(each.energy, each.prior) for each in events if isinstance(each, ReconstructionReady)] == [(None, "")]


def test_two_runs_are_equal_to_the_bit_and_another_seed_draws_another_random_region(clothes_cnn, garment):
    values = torch.rand(28, 28, generator=generator(3))

    def made(seed):
        stream = core.stream_reconstruct(clothes_cnn, garment, {"mine": values}, prior="exemplars", seed=seed)
        return [each for each in stream if isinstance(each, VariationsReady)]

    one, again, other = made(0), made(0), made(1)
    assert all(torch.equal(a.pictures, b.pictures) for a, b in zip(one, again, strict=True))
    holes: dict[Region, list[bool]] = {a.region: torch.equal(a.hole, b.hole) for a, b in zip(one, other, strict=True)}
    assert holes == {"salient": True, "random": False, "inverted": True, "unfilled": True}


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda *asked: asked[0], r"returns shape \(1, 3, 3, 4\); it must be \(16, 3, 3, 4\)"),
        (lambda *asked: 255 * coins(*asked), "from 0.00 to 255.00; scale"),
        (lambda *asked: coins(*asked) / 0 - 1, "not finite"),
        (lambda *asked: coins(*asked).byte(), "return floats"),
        (lambda *_: "a picture", "returns str; return a tensor"),
    ],
)
def test_an_own_function_that_returns_something_else_is_told_what_to_return(counting, function, words):
    pixels = coins(None, None, 1, 7)
    with pytest.raises(ValueError, match=words):
        reconstructed(counting, pixels, {"mine": pixels[0, 0]}, prior=function)


def test_an_own_function_that_fails_is_named_with_what_it_was_given(counting):
    def broken(*_):
        raise KeyError("mask")

    pixels = coins(None, None, 1, 7)
    words = r"broken failed with KeyError: 'mask'\. It was called with pixels \(1, 3, 3, 4\), a hole \(3, 4\), 16 fills"
    with pytest.raises(ValueError, match=words):
        reconstructed(counting, pixels, {"mine": pixels[0, 0]}, prior=broken)


def test_an_own_function_never_sees_what_is_hidden_and_may_return_an_array(counting):
    pixels, shown = coins(None, None, 1, 7), []

    def own(pixels, hole, count, seed):
        shown.append(pixels[:, :, hole])
        return coins(pixels, hole, count, seed).numpy()

    found = reconstructed(counting, pixels, {"mine": pixels[0, 0]}, prior=own)
    assert all((each == 0.5).all() for each in shown)
    assert {each.prior for each in found.values()} == {"own", ""}


def test_what_does_not_exist_is_refused_in_words_before_anything_is_computed(clothes_cnn, garment):
    values = {"mine": garment[0, 0]}
    with pytest.raises(ValueError, match="no prior 'doners'"):
        core.stream_reconstruct(clothes_cnn, garment, values, prior="doners")
    with pytest.raises(ValueError, match="1 to 64 variations; got 65"):
        core.stream_reconstruct(clothes_cnn, garment, values, variations=65)
    with pytest.raises(ValueError, match="map has shape"):
        core.stream_reconstruct(clothes_cnn, garment, {"mine": torch.zeros(3, 3)})


def test_every_prior_says_what_it_is_and_where_it_is_from():
    names = [each.name for each in core.list_priors()]
    assert names[0] == "donors"
    assert len(set(names)) == len(names)
    assert all(each.label and each.paper and each.summary.endswith(".") for each in core.list_priors())
