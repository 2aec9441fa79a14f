"""A person brings weights: refused with the reason, explained where they do not fit, and a model like any other."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
Open = Callable[..., Any]
Check = Callable[[Any], None]
Ended = Callable[..., None]
CLASSES = ("cat", "cup", "dog", "dragon", "hen")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A sound file, one that lacks weights, and a whole network."""
    torch.manual_seed(7)
    network = torchvision.models.resnet18(num_classes=len(CLASSES))
    state = network.state_dict()
    part = {name: tensor for name, tensor in state.items() if not name.startswith("layer4.1")}
    folder = tmp_path_factory.mktemp("weights")
    for name, thing in {"sound": state, "part": part, "whole": network}.items():
        torch.save(thing, folder / f"{name}.pth")
    return {name: folder / f"{name}.pth" for name in ("sound", "part", "whole")}


def bring(page: Any, file: Path) -> None:
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(file)


def choose(page: Any, architecture: str) -> None:
    box = page.get_by_role("dialog").get_by_role("combobox", name=re.compile("Architecture"))
    box.click()
    box.fill(architecture)
    page.get_by_role("option", name=architecture, exact=True).click()


def test_own_weights_are_refused_explained_or_a_model_like_any_other(
    open_page: Open, check_accessible: Check, ended: Ended, files: dict[str, Path]
) -> None:
    page = open_page("?methods=gradient,grad_cam&steps=10&seed=77")
    page.get_by_role("button", name="Your own weights").click()
    dialog = page.get_by_role("dialog")
    bring(page, files["whole"])
    expect(dialog.get_by_role("alert")).to_contain_text("torchvision.models.resnet.ResNet")
    bring(page, files["part"])
    choose(page, "torchvision/resnet18")
    expect(dialog.get_by_role("alert")).to_contain_text(
        re.compile(r"incomplete for torchvision/resnet18: \d+ weights are missing")
    )
    check_accessible(page)
    bring(page, files["sound"])
    expect(dialog.get_by_text("All weights fit torchvision/resnet18, with 5 classes.")).to_be_visible()
    check_accessible(page)  # a dialog stands outside of what Streamlit gives the scheme's colours
    names = dialog.get_by_role("textbox", name=re.compile("Class names"))
    names.fill("cat\ncup")
    names.press("Control+Enter")
    dialog.get_by_role("button", name="Add this model").click()
    expect(dialog.get_by_text("There are 2 class names for 5 classes.")).to_be_visible()
    names.fill("\n".join(CLASSES))
    names.press("Control+Enter")
    side = dialog.get_by_role("spinbutton", name="Input side")
    side.fill("64")
    side.press("Enter")
    dialog.get_by_role("button", name="Add this model").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("torchvision/resnet18 with your weights, 5 classes")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Explain", exact=True).click()
    ended(page, "Explain")
    expect(page.locator(".root.stale .grid")).to_have_count(0)
    expect(page.get_by_role("button", name="Enlarge Grad-CAM")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).first.click()
    expect(page.get_by_text("torchvision/resnet18 with your weights")).to_have_count(0)
