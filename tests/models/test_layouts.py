"""Where a layer's values lie is seen by changing the picture: networks whose every place is known by construction."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import core
from core.methods.explaining import explain
from core.methods.registry import Unfit
from core.models.anatomy import Anatomy, examine
from core.models.layouts import LayoutFinder
from core.models.sight import probes

SIDE, PATCH = 8, 4
Arrange = Callable[[Tensor], Tensor]


def anatomy_of(network: nn.Module, height: int, width: int) -> Anatomy:
    network = network.eval().requires_grad_(False)
    return examine(network, network, torch.full((1, 3, height, width), 0.5))


class Arranged(nn.Module):
    """Patches of 4 x 4 as 8 channels of 8 x 8 places, so that no shape tells which is which; then put in some order."""

    def __init__(self, arrange: Arrange) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.embed, self.late, self.head = nn.Conv2d(3, SIDE, PATCH, PATCH), nn.Identity(), nn.Linear(1, 3)
        self.arrange = arrange

    def forward(self, pixels: Tensor) -> Tensor:
        arranged = self.late(self.arrange(torch.tanh(self.embed(pixels))))
        return self.head(arranged.reshape(len(pixels), -1).square().mean(dim=1, keepdim=True))


def with_prefix(plane: Tensor) -> Tensor:
    """A class token and four registers before the tokens."""
    tokens = plane.flatten(2).transpose(1, 2)
    return torch.cat([torch.ones(len(plane), 5, SIDE), tokens], dim=1)


def unrolled(plane: Tensor) -> Tensor:
    """Tokens by their place in a window, the windows' places within that: 2 x 2 in 2 x 2."""
    windows = plane.reshape(-1, SIDE, 2, 2, 2, 2, 2, 2)
    return windows.permute(0, 4, 7, 3, 6, 2, 5, 1).reshape(len(plane), SIDE * SIDE, SIDE)


def windows(plane: Tensor) -> Tensor:
    """Windows of 4 x 4 tokens in place of pictures."""
    return plane.reshape(-1, SIDE, 2, 4, 2, 4).permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, SIDE)


ARRANGEMENTS: dict[str, Arrange] = {
    "planes": lambda plane: plane,
    "channels last": lambda plane: plane.permute(0, 2, 3, 1),
    "transposed": lambda plane: plane.transpose(2, 3),
    "transposed, channels last": lambda plane: plane.permute(0, 3, 2, 1),
    "upside down": lambda plane: plane.flip(2),
    "mirrored": lambda plane: plane.flip(3),
    "tokens": lambda plane: plane.flatten(2).transpose(1, 2),
    "tokens, channels first": lambda plane: plane.flatten(2),
    "tokens column by column": lambda plane: plane.transpose(2, 3).flatten(2).transpose(1, 2),
    "tokens after five others": with_prefix,
    "heads": lambda plane: plane.unflatten(1, (2, 4)).flatten(3).transpose(2, 3),
    "unrolled windows": unrolled,
    "windows in place of pictures": windows,
}


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_every_value_is_laid_at_the_patch_that_it_was_made_of(name):
    network = Arranged(ARRANGEMENTS[name])
    found = anatomy_of(network, SIDE * PATCH, SIDE * PATCH).feature_map("late")
    pictures = torch.rand(3, 3, SIDE * PATCH, SIDE * PATCH)
    plane = torch.tanh(network.embed(pictures))
    assert torch.equal(found.layout.planes(network.arrange(plane), len(pictures)), plane)


@pytest.mark.parametrize("name", ["tokens", "tokens column by column", "tokens after five others", "unrolled windows"])
def test_one_value_for_each_token_is_laid_as_the_layer_is(name):
    network = Arranged(ARRANGEMENTS[name])
    found = anatomy_of(network, SIDE * PATCH, SIDE * PATCH).feature_map("late")
    plane = torch.rand(1, SIDE, SIDE, SIDE)
    assert torch.equal(found.layout.plane(network.arrange(plane)[0, :, 0]), plane[0, 0])


def test_a_layer_of_which_half_lies_in_a_square_by_chance_does_not_hide_the_planes_after_it():
    pictures = probes(torch.full((1, 3, SIDE * PATCH, SIDE * PATCH), 0.5))
    plane = torch.tanh(Arranged(lambda each: each).embed(pictures)).detach()
    quarters = F.avg_pool2d(plane, SIDE // 2).flatten(2)
    mixed = torch.cat([plane.mean(dim=(2, 3), keepdim=True)[..., 0].expand(-1, -1, 4), quarters], dim=2)
    finder = LayoutFinder(len(pictures))
    finder.find(mixed[:, :, None].repeat(1, 1, SIDE, 1))
    assert torch.equal(finder.find(plane).layout.planes(plane, len(pictures)), plane)


class NeverAPlane(nn.Module):
    """Cuts patches and mixes them as rows of numbers: its tokens are no convolution's output."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.head = nn.Linear(48, 16), nn.LayerNorm(16), nn.Linear(16, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.norm(self.embed(F.unfold(pixels, 4, stride=4).transpose(1, 2)))
        halved = tokens.unflatten(1, (4, 6))[:, ::2, ::2].flatten(1, 2)
        return self.head(self.norm(halved).tanh().mean(dim=1))


def test_tokens_that_never_were_a_plane_have_one():
    anatomy = anatomy_of(NeverAPlane(), 16, 24)
    embedded, late = anatomy.feature_map("embed"), anatomy.last_feature_map(3)
    assert (embedded.channels, embedded.height, embedded.width) == (16, 4, 6)
    assert (late.layer, late.height, late.width) == ("norm", 2, 3)


class Uneven(nn.Module):
    """Halves the columns three times as often as the rows."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.early, self.late = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, channels, 3, padding=1)
            self.head = nn.Linear(channels, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        return self.head(self.late(F.max_pool2d(self.early(pixels), (2, 8))).relu().mean(dim=(2, 3)))


@pytest.mark.parametrize("channels", [8, 16, 31, 32])
def test_uneven_strides_are_seen_whatever_the_number_of_channels(channels):
    found = anatomy_of(Uneven(channels), 64, 64).last_feature_map(3)
    assert (found.layer, found.channels, found.height, found.width) == ("late", channels, 32, 8)


class Branched(nn.Module):
    """Answers first, and then decodes what it saw."""

    def __init__(self, decodes: bool) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.body, self.head = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU()), nn.Linear(8, 3)
            self.decoder = nn.Conv2d(8, 5, 3, padding=1) if decodes else None

    def forward(self, pixels: Tensor) -> Tensor:
        seen = self.body(pixels)
        answer = self.head(seen.mean(dim=(2, 3)))
        if self.decoder:
            self.decoded = self.decoder(seen)
        return answer


def test_a_branch_that_the_answer_does_not_depend_on_is_not_read(classifier_of, pixels):
    alone, branched = (classifier_of(Branched(decodes)) for decodes in (False, True))
    assert branched.anatomy.last_feature_map(3).layer == "body"
    assert branched.anatomy.unused == ("decoder",)
    maps = [explain(each, pixels.float(), ["grad_cam"], 1)["grad_cam"] for each in (alone, branched)]
    assert torch.equal(maps[0].values, maps[1].values)


def test_a_named_layer_that_the_answer_does_not_depend_on_is_refused_in_words(classifier_of, pixels):
    with pytest.raises(Unfit, match="'decoder' is a layer that the answer does not depend on"):
        explain(
            classifier_of(Branched(True)), pixels.float(), ["grad_cam"], 1, settings={"grad_cam": {"layer": "decoder"}}
        )


class Placed(nn.Module):
    """Pads or crops the picture before it looks at it."""

    def __init__(self, prepare: Callable[[Tensor], Tensor], padding: int = 1) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.early, self.late = nn.Conv2d(3, 8, 3, padding=padding), nn.Conv2d(8, 16, 3, padding=padding)
            self.head = nn.Linear(16, 3)
        self.prepare = prepare

    def forward(self, pixels: Tensor) -> Tensor:
        seen = F.max_pool2d(self.early(self.prepare(pixels)).relu(), 2)
        return self.head(self.late(seen).relu().mean(dim=(2, 3)))


@pytest.mark.parametrize(
    ("prepare", "size", "down", "across"),
    [
        (lambda pixels: pixels, (32, 48), (0, 1), (0, 1)),
        (lambda pixels: F.pad(pixels, (0, 0, 12, 12)), (24, 48), (-0.5, 1.5), (0, 1)),
        (lambda pixels: pixels[..., 8:-8, 16:], (64, 64), (0.125, 0.875), (0.25, 1)),
        (lambda pixels: F.interpolate(pixels, (64, 64), mode="bilinear"), (24, 48), (0, 1), (0, 1)),
    ],
    ids=["as it is", "letterboxed", "cropped", "resized"],
)
def test_what_a_network_pads_or_crops_is_laid_where_it_belongs(prepare, size, down, across):
    found = anatomy_of(Placed(prepare), *size).last_feature_map(3)
    assert found.layer == "late"
    for measured, true in zip(found.extents, (down, across), strict=True):
        assert measured == pytest.approx(true, abs=0.5 / 24)


def test_a_letterboxed_map_is_the_part_of_the_padded_map_that_shows_the_picture(classifier_of):
    def pad(pixels: Tensor) -> Tensor:
        return F.pad(pixels, (0, 0, 12, 12))

    draw = torch.Generator().manual_seed(1)
    picture = torch.rand(1, 3, 24, 48, generator=draw)
    boxed = explain(classifier_of(Placed(pad), (24, 48)), picture, ["grad_cam"], 1)["grad_cam"]
    whole = explain(classifier_of(Placed(lambda pixels: pixels), (48, 48)), pad(picture), ["grad_cam"], 1)["grad_cam"]
    shown = whole.values[12:36]
    assert torch.corrcoef(torch.stack([boxed.values.flatten(), shown.flatten()]))[0, 1] > 0.98
    assert boxed.notes[0].endswith("laid over rows -12 to 36 and columns 0 to 48 of the picture.")


class ClassTokenOnly(nn.Module):
    """Reads its answer from one token, which saw the others."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.norm, self.head = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8), nn.Linear(8, 3)
        self.last = nn.LayerNorm(8)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.norm(self.embed(pixels).flatten(2).transpose(1, 2))
        tokens = torch.cat([tokens.mean(dim=1, keepdim=True), tokens], dim=1)
        return self.head(self.last(tokens)[:, 0])


def test_tokens_that_the_answer_leaves_out_are_not_read_though_one_of_them_is():
    anatomy = anatomy_of(ClassTokenOnly(), 16, 24)
    assert anatomy.last_feature_map(3).layer == "norm"
    assert anatomy.unused == ("last",)


class Checkpointed(nn.Module):
    """Leaves values out on the way there and computes them again on the way back."""

    def __init__(self, hides_gradients: bool, checkpoints: bool = True) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            inner = nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU()
            self.body, self.head = nn.Sequential(*inner), nn.Linear(8, 3)
        self.hides_gradients, self.checkpoints = hides_gradients, checkpoints

    def forward(self, pixels: Tensor) -> Tensor:
        if self.checkpoints:
            seen = torch.utils.checkpoint.checkpoint(self.body, pixels, use_reentrant=self.hides_gradients)
        else:
            seen = self.body(pixels)
        return self.head(seen.mean(dim=(2, 3)))


@pytest.fixture
def saving(classifier_of: Callable[..., core.Classifier]) -> core.Classifier:
    return classifier_of(Checkpointed(False))


def test_checkpointing_changes_no_map_and_each_layer_runs_once(saving, classifier_of, pixels):
    plain = classifier_of(Checkpointed(False, checkpoints=False))
    assert {found.runs for found in saving.anatomy.feature_maps} == {1}
    for name, settings in (("gradient", {}), ("grad_cam", {}), ("grad_cam", {"layer": "body.1"})):
        maps = [explain(each, pixels.float(), [name], 1, settings={name: settings})[name] for each in (plain, saving)]
        torch.testing.assert_close(maps[1].values, maps[0].values)
        assert maps[0].values.any()


def test_a_method_that_checkpointing_breaks_is_refused_with_what_to_do(saving, pixels):
    with pytest.raises(Unfit, match="guided_backprop: The network's gradient checkpointing computes parts"):
        explain(saving, pixels.float(), ["guided_backprop"], 1)


@pytest.mark.filterwarnings("ignore:.*use_reentrant")
def test_checkpointing_that_hides_gradients_is_named_with_what_to_do():
    reasons = core.capability(core.wrap(Checkpointed(True), size=16, labels=("a", "b", "c")))
    assert "gradient checkpointing does not pass them on; switch it off" in reasons["gradient"]
    assert reasons["occlusion"] is None


@pytest.mark.filterwarnings("error")
def test_a_layer_of_which_a_single_row_noticed_the_change_is_looked_at_without_a_warning(squeezenet):
    seen = squeezenet.preprocessing
    small = core.wrap(squeezenet.network, size=96, labels=squeezenet.labels, mean=seen.mean, std=seen.std)
    komodo = small.prepare(core.open_picture(core.gallery()[0].path))
    assert explain(small, komodo, ["grad_cam"])["grad_cam"].values.any()
