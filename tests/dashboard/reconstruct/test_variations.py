"""The tab of variations: its sample, its request, its pictures and files, and what is said of it."""

import base64
import io
import json
import re
from dataclasses import replace

import pandas as pd
import pytest
import torch
from PIL import Image

import core
from core.generation.choosing import fitting_priors
from core.generation.hidden import REGIONS
from core.generation.pools import Pool, collect_pool, photo_of
from core.generation.priors import list_priors
from core.generation.reconstruction import ReconstructionReady, VariationsReady
from core.jobs.events import Progress
from core.methods.heatmap import HeatmapReady
from core.pictures.datasets import fashion_mnist
from core.pictures.rendering import to_png
from dashboard.components.component import scripts
from dashboard.components.embedded import as_address
from dashboard.components.export.manifest import about
from dashboard.controls.selection import Seen
from dashboard.jobs.outcome import came_to_something
from dashboard.jobs.session import sample_of
from dashboard.library.folders import folders, write_folder
from dashboard.library.marks import Mark, bits_of_mask, marks
from dashboard.library.models import shelf
from dashboard.library.predictions import look
from dashboard.reconstruct.variations.job import (
    BY,
    VARIATIONS,
    HiddenSubject,
    VariationsRequest,
    VariationsShown,
    find_inputs,
    shown,
    stream,
)
from dashboard.reconstruct.variations.panel import METHOD, SHARE, known_hole

SCRIPT = "reconstruct/variations/variations.js"
MODEL, PICTURE = "fashion_cnn", "fashion_dress"


@pytest.fixture
def tab(page):
    """The tab as the address asks for it, its network at rest."""
    assert shelf.ask(MODEL).ended.wait(60)
    return lambda **query: page("reconstruct", tab=VARIATIONS.name, model=MODEL, picture=PICTURE, **query)


@pytest.fixture
def asked_of_core(monkeypatch):
    """What the engine was asked, which fills nothing."""
    heard = []

    def stream_reconstruct(*_, **named):
        heard.append(named)
        yield Progress(1, 1, "Nothing")

    monkeypatch.setattr(core, "stream_reconstruct", stream_reconstruct)
    return heard


def asked(**otherwise):
    usual = {"model": MODEL, "picture": PICTURE, "target": 3, "methods": ("gradient",), "method": "gradient"}
    return VariationsRequest(**{**usual, "prior": "donors", **otherwise})


def by_hand(mask):
    """A request for the region that is marked, and nothing of a heatmap."""
    return asked(methods=(), method="", hole=marks.add("somebody", Mark(MODEL, PICTURE, mask)))


def told_browser(app):
    told = [json.loads(each.proto.json) for each in app.get("bidi_component") if each.proto.json]
    [data] = [data for data in told if data.get("script") == SCRIPT]
    return data


def made(region="salient", first=0, kept=(True, False)):
    hole = torch.zeros(2, 3, dtype=torch.bool)
    hole[0, 1:] = True
    pictures = torch.rand(len(kept), 3, 2, 3)
    return VariationsReady("gradient", 0.5, region, first, hole, pictures, (0.75, 0.25), kept, (0.5, 1.0))


def ready(region="salient", kept=0.5):
    return ReconstructionReady("gradient", 0.5, region, 0.5, 2, kept, 0.1, 0.9, 0.5, 0.25, (0, 1), "Donors", 0.1, 4)


def test_the_tab_opens_with_a_sample_in_which_the_region_decides_the_class(tab, words):
    app = tab()
    assert "A precomputed sample" in words(app)
    assert app.button(key="start variations").label == "Run"
    sample = sample_of(VARIATIONS)
    assert told_browser(app)["run"] == sample.id
    found = {each["region"]: each for each in sample.messages(ReconstructionReady)}
    assert set(found) == {*REGIONS}
    assert found["salient"]["high"] < found["random"]["low"]


@pytest.mark.usefixtures("asked_of_core")
def test_the_sample_is_what_run_would_ask(tab, started):
    assert started(tab(), VARIATIONS).request == sample_of(VARIATIONS).request


def test_what_is_chosen_is_asked_for(tab, started, asked_of_core, wait):
    chosen = {"method": "gradient", "by": "threshold", "share": "30", "prior": "donors", "variations": "32"}
    app = tab(seed="5", **{f"variations.{name}": value for name, value in chosen.items()})
    job = started(app, VARIATIONS)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    names = ("shares", "by", "prior", "variations", "seed", "origin")
    assert [heard[name] for name in names] == [(0.3,), "threshold", "donors", 32, 5, PICTURE]
    assert job.request.methods == ("gradient",)


def test_a_painted_hole_is_what_is_hidden_and_no_heatmap_is_computed():
    mask = torch.zeros(28, 28, dtype=torch.bool)
    mask[5:12, 8:20] = True
    request = by_hand(mask)
    events = list(stream(request, find_inputs(request)))
    told = [event for event in events if isinstance(event, VariationsShown)]
    assert {each.hole for each in told if each.region == "salient"} == {bits_of_mask(mask)}
    assert {each.hole for each in told if each.region == "inverted"} == {bits_of_mask(~mask)}
    assert sum(len(each.pictures) for each in told) == 3 * 16 + 1
    totals = [each for each in events if isinstance(each, Progress)]
    assert (totals[-1].done, totals[-1].total) == (49, 49)


def test_the_slider_is_named_for_what_it_sets(tab):
    labels = {by: tab(**{"variations.by": by}).slider(key="variations.share").label for by in BY}
    assert labels == {
        "area": "Hidden, in % of the pixels",
        "threshold": "Threshold, in % below the map's maximum",
    }


def test_without_a_painted_hole_there_is_nothing_to_run(tab, words):
    app = tab(**{"variations.region": "hand"})
    assert app.button(key="start variations").disabled
    assert "Paint a hole, then press Run." in words(app)


def test_a_hole_of_the_address_is_asked_for(tab, started, asked_of_core, wait):
    mask = torch.zeros(28, 28, dtype=torch.bool)
    mask[3:9, 3:9] = True
    name = marks.add("somebody", Mark(MODEL, PICTURE, mask))
    job = started(tab(hole=name, **{"variations.region": "hand"}), VARIATIONS)
    assert (job.request.hole, job.request.method, job.request.methods) == (name, "", ())
    wait(lambda: job.finished)
    assert len(asked_of_core) == 1


def test_small_pictures_are_sent_to_the_bit_and_large_ones_small():
    event = made()
    told = shown(event)
    for address, pixels in zip(told.pictures, event.pictures, strict=True):
        form, _, content = address.partition(";base64,")
        assert form == "data:image/png"
        sent = torch.tensor(list(Image.open(io.BytesIO(base64.b64decode(content))).tobytes())).view(2, 3, 3)
        assert torch.equal(sent, (pixels.permute(1, 2, 0) * 255).round().long())
    large = as_address(torch.rand(3, 224, 224))
    assert large.startswith("data:image/jpeg;base64,")
    assert len(large) < 3 * 224 * 224


@pytest.mark.parametrize(("source", "size"), [("fashion_mnist", (28, 28)), ("patches", (48, 48)), ("gallery", (9, 9))])
def test_every_prior_that_is_offered_is_known_and_applies_to_such_pictures(source, size):
    offered = fitting_priors(source, size)
    known = {prior.name: prior for prior in list_priors()}
    for name in offered:
        known[name].check(Pool(source, "", torch.zeros(1, 3, *size), ("",)))
    assert ("exemplars" in offered) == (min(size) >= 16)
    assert ("flow" in offered) == (source != "gallery")


def test_for_photos_exemplars_are_offered_and_told(page, words):
    app = page("reconstruct", tab=VARIATIONS.name, model="efficientnet_lite0", picture="chelsea")
    assert app.selectbox(key="variations.prior").options == ["Exemplars"]
    assert "tile by tile" in words(app)


def test_patches_of_photos_are_filled_by_donors_of_other_photos_alone(page, started, asked_of_core, wait):
    assert shelf.ask("trained/stamp_patches").ended.wait(60)
    app = page("reconstruct", tab=VARIATIONS.name, model="trained/stamp_patches")
    assert app.selectbox(key="variations.prior").value == "refined_donors"
    job = started(app, VARIATIONS)
    wait(lambda: job.finished)
    [heard] = asked_of_core
    pool = collect_pool(job.inputs().classifier)
    photo = photo_of(heard["origin"])
    assert photo in {photo_of(origin) for origin in pool.origins}
    allowed = pool.allowed(job.inputs().pixels.cpu(), heard["origin"])
    assert photo not in {photo_of(pool.origins[place]) for place in allowed.nonzero().flatten().tolist()}


def test_another_share_makes_the_variations_stale(tab, words):
    app = tab(**{"variations.share": "40"})
    assert "These variations used another size of the region. Press Run to update them." in words(app)
    assert told_browser(app)["stale"]


def test_the_passes_are_told_before(tab, words):
    few, many = (tab(**{"variations.method": "gradient", "variations.variations": n}) for n in ("16", "64"))
    told = [int(re.search(r"([\d,]+) passes", words(app))[1].replace(",", "")) for app in (few, many)]
    assert told[1] - told[0] == 3 * 48


def folder_of(count, *further):
    files = [(f"shop/{place}.png", to_png(fashion_mnist("train").pixels[place])) for place in range(count)]
    return folders.add("somebody", write_folder([*files, *further]))


@pytest.mark.usefixtures("asked_of_core")
def test_a_folder_with_too_few_readable_pictures_is_refused_at_the_click(tab, words):
    name = folder_of(15, ("shop/broken.png", b"no picture"), ("shop/notes.txt", b"a note"))
    app = tab(folder=name, **{"variations.source": "folder", "variations.prior": "donors"})
    assert "16 pictures, 1 other file" in words(app)
    app.button(key="start variations").click().run()
    said = "shop has 15 pictures; 1 file cannot be read. This prior needs 16. Use more pictures or another prior."
    assert said in words(app)
    assert VARIATIONS.name not in app.query_params or app.query_params[VARIATIONS.name] == [VARIATIONS.name]


def test_doubles_of_the_picture_are_told_of_before_the_heatmap_is_made():
    picture = to_png(find_inputs(asked()).pixels[0])
    name = folders.add("somebody", write_folder((f"shop/{place}.png", picture) for place in range(20)))
    request = asked(donors=name)
    made = []
    with pytest.raises(ValueError, match="16 variations need as many donors, and this picture has 0"):
        made.extend(stream(request, find_inputs(request)))
    assert not [each for each in made if isinstance(each, HeatmapReady)]


def test_the_hole_is_known_where_it_is_painted_or_the_heatmap_below_is_the_one_that_is_asked_for():
    sample, mask = sample_of(VARIATIONS), torch.zeros(28, 28, dtype=torch.bool)
    mask[2:5, 2:9] = True
    seen = Seen(shelf.ask(MODEL), None, look(MODEL, PICTURE))
    [first, *_] = [each for each in sample.messages(VariationsShown) if each["region"] == "salient"]
    known = known_hole(sample.request, seen, sample)
    assert bits_of_mask(known) == first["hole"]
    assert int(known_hole(replace(sample.request, share=0.25), seen, sample).sum()) == 28 * 28 / 4
    assert known_hole(replace(sample.request, method="gradient", methods=("gradient",)), seen, sample) is None
    assert torch.equal(known_hole(by_hand(mask), seen, sample), mask)


def test_a_painted_hole_is_exported_in_words(ended, classifier_of_names):
    request = by_hand(torch.ones(28, 28, dtype=torch.bool))
    job = ended(
        VARIATIONS, request, HiddenSubject(classifier_of_names, torch.rand(1, 3, 2, 3)), [shown(made()), ready()]
    )
    said = dict(about(job)["rows"])
    assert said["Marked region"] == "painted by hand"
    assert said["Size of the region"] == "50\xa0%"
    assert "Heatmap" not in said


def test_variations_and_regions_are_saved_as_tables(client, ended, classifier_of_names):
    inputs = HiddenSubject(classifier_of_names, torch.rand(1, 3, 2, 3))
    events = [shown(made()), ready(), shown(made("random", kept=(True, True))), ready("random", 1.0)]
    job = ended(VARIATIONS, asked(), inputs, events)

    def saved(table):
        return pd.read_csv(io.BytesIO(client.get(f"/api/jobs/{job.id}/{table}.csv").content))

    told = saved("variations")
    assert list(told.columns) == ["region", "variation", "confidence", "kept", "distance"]
    assert list(told["variation"]) == [0, 1, 0, 1]
    assert list(told["kept"]) == [True, False, True, True]
    told = saved("regions")
    assert list(told["region"]) == ["salient", "random"]
    assert list(told["kept"]) == [0.5, 1.0]
    assert "order_1" not in told.columns


def test_a_run_that_was_cancelled_before_its_first_variation_promises_none(ended, classifier_of_names):
    inputs = HiddenSubject(classifier_of_names, torch.rand(1, 3, 2, 3))
    assert not came_to_something(ended(VARIATIONS, asked(), inputs, [Progress(1, 2, "Gradient")]))


def test_variations_that_are_gone_say_so(tab, words):
    assert VARIATIONS.gone in words(tab(variations="never"))


def test_the_defaults_are_those_of_the_sample():
    request = sample_of(VARIATIONS).request
    assert (request.method, request.share) == (METHOD, SHARE / 100)


def test_a_verdict_has_at_most_twelve_words():
    script = scripts()["reconstruct/variations/variations_verdict.js"]
    verdicts = re.findall(r'return "([^"]+)";', script)
    waiting = re.findall(r'"(No verdict[^"]*|The first variations[^"]*)"', scripts()[SCRIPT])
    verdicts += re.findall(r'\? "([^"]+)" : "([^"]+)";', script)[0]
    assert len(verdicts) == 7
    assert len(waiting) == 3
    assert [words for words in (*verdicts, *waiting) if len(f"So far: {words}".split()) - 2 > 12] == []


def test_every_region_has_its_words_in_the_browser():
    [body] = re.findall(r"const REGION_WORDS = {(.*?)};", scripts()["reconstruct/variations/region_card.js"], re.DOTALL)
    assert re.findall(r"(\w+): { title", body) == [*REGIONS]
