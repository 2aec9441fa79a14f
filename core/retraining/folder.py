"""A study's folder: written so that a kill at any moment loses only the training in hand.

``study.toml`` is what was asked, ``manifest.json`` what it ran on, run by run; ``pictures.safetensors`` and
``network.safetensors`` are what every process needs; ``maps`` holds the maps of blocks of pictures without loss,
``ranks`` the order of removal that follows from them, ``trainings`` a file for each trained network, by its key, and
``seconds.json`` how long all of it took.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from core.models.classifier import Classifier
from core.pictures.datasets import Labelled
from core.retraining.data import LabelledData
from core.retraining.masks import Ranking
from core.retraining.networks import as_classifier, build
from core.retraining.spec import RetrainingSpec
from core.retraining.training import retraining_precision
from core.studies.over_pictures import PictureRefused
from core.studies.run_folder import ASKED, RunFolder, unwritable
from core.studies.whole_files import written_whole

MAPS, SAVED = "maps", "saved.json"
EDITION = 3
"""Of what follows from a spec: raised whenever the same spec gives other orders of removal or other networks, so that
no study goes on with what an earlier version made."""


class Outcome(NamedTuple):
    """What came of a training.

    Parameters
    ----------
    recognised
        Which test pictures, after the last epoch.
    seconds
        How long it took.
    """

    recognised: np.ndarray
    seconds: float


@dataclass(frozen=True)
class StudyFolder(RunFolder):
    """The files of a study."""

    def ask(self, spec: RetrainingSpec) -> None:
        """Begins the study, or goes on with it where it has begun.

        Raises
        ------
        ValueError
            Where the folder holds another study, or one of an earlier edition, or cannot be written.
        """
        file = self.path / ASKED
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if file.exists():
                if RetrainingSpec.from_toml(file.read_text(encoding="utf-8")) != spec:
                    raise ValueError(f"{self.path} holds another study. Use another folder, or its own {ASKED}.")
                if self.manifest().get("edition") != EDITION:
                    raise ValueError(
                        f"The study in {self.path} was begun with another version of HeatCheck, which removes other "
                        "pixels or trains other networks. Use another folder."
                    )
                return
            self.keep_manifest({"edition": EDITION})
            written_whole(file, lambda draft: draft.write_text(spec.to_toml(), encoding="utf-8"))
        except OSError as error:
            raise unwritable(self.path, error) from error

    def spec(self) -> RetrainingSpec:
        """What was asked."""
        return RetrainingSpec.from_toml((self.path / ASKED).read_text(encoding="utf-8"))

    def shared(self) -> int:
        """How many networks need not be trained, since another with the same masks stands for them."""
        return int(self.manifest().get("shared", 0))

    def precision(self, device: torch.device) -> torch.dtype:
        """Of its networks' passes while they learn: that of its first run, so that all of them are comparable."""
        told = self.manifest().get("precision")
        return retraining_precision(device) if told is None else getattr(torch, told)

    def keep_data(self, data: LabelledData) -> None:
        """Keeps the pictures, so that every process and every resumption meets the same."""
        tensors: dict[str, Tensor] = {}
        for name, part in (("train", data.train), ("test", data.test)):
            tensors |= {f"{name}_pixels": as_levels(part.pixels), f"{name}_labels": part.labels.contiguous()}
        about = {"name": data.name, "title": data.title, "labels": json.dumps(data.labels), "division": data.division}
        about["refused"] = json.dumps([[each.picture, each.reason] for each in data.refused])
        self._keep("pictures", tensors, about)

    def data(self) -> LabelledData | None:
        """The kept pictures, if any."""
        file = self._file("pictures")
        if not file.exists():
            return None
        with safetensors.safe_open(file, "pt") as opened:
            about = opened.metadata()
        tensors = safetensors.torch.load_file(file)
        train, test = (
            Labelled(as_pixels(tensors[f"{part}_pixels"]), tensors[f"{part}_labels"]) for part in ("train", "test")
        )
        refused = tuple(PictureRefused(*each) for each in json.loads(about["refused"]))
        labels, division = tuple(json.loads(about["labels"])), about.get("division", "")
        return LabelledData(about["name"], about["title"], labels, train, test, refused, division)

    def keep_network(self, network: nn.Module) -> None:
        """Keeps the network that the maps explain."""
        self._keep("network", {name: value.contiguous() for name, value in network.state_dict().items()})

    def network(self, data: LabelledData, device: torch.device) -> Classifier | None:
        """The kept network, if any."""
        file = self._file("network")
        if not file.exists():
            return None
        network = build(self.spec().network, data, 0, device)
        network.load_state_dict(safetensors.torch.load_file(file))
        return as_classifier(network, data, device)

    def keep_maps(self, block: str, maps: Mapping[str, Tensor], rankings: Mapping[str, Ranking]) -> None:
        """Keeps the maps of a block of pictures, and the order of removal that follows from them."""
        tensors = {f"{name}.map": values.contiguous() for name, values in maps.items()}
        tensors |= {f"{name}.rank": as_small(own.ranks) for name, own in rankings.items()}
        self._keep(f"{MAPS}/{block}", tensors)

    def has_maps(self, block: str) -> bool:
        """Whether the maps of a block are kept."""
        return self._file(f"{MAPS}/{block}").exists()

    def keep_refusal(self, method: str, reason: str) -> None:
        """Keeps why a method has no maps."""
        self.write(f"refused/{method}.txt", lambda draft: draft.write_text(reason, encoding="utf-8"))

    def refusals(self) -> dict[str, str]:
        """The methods that have no maps, with the reason."""
        files = sorted((self.path / "refused").glob("*.txt"))
        return {file.stem: file.read_text(encoding="utf-8") for file in files}

    def join_ranks(self, method: str, train: Sequence[str], test: Sequence[str]) -> bool:
        """Keeps a method's order of removal for all pictures, from those of the blocks; not where one has none."""
        parts = []
        for blocks in (train, test):
            found = [self._rank_in(block, method) for block in blocks]
            if any(each is None for each in found):
                return False
            parts.append(torch.cat([each for each in found if each is not None]))
        self._keep(f"ranks/{method}", dict(zip(("train", "test"), parts, strict=True)))
        return True

    def _rank_in(self, block: str, method: str) -> Tensor | None:
        with safetensors.safe_open(self._file(f"{MAPS}/{block}"), "pt") as opened:
            name = f"{method}.rank"
            kept: Tensor | None = opened.get_tensor(name) if name in opened.keys() else None  # noqa: SIM118 - it can't be iterated
            return kept

    def has_ranks(self, method: str) -> bool:
        """Whether a method's order of removal is kept for all pictures."""
        return self._file(f"ranks/{method}").exists()

    def ranks(self, method: str) -> tuple[Ranking, Ranking]:
        """A method's order of removal for the training and the test pictures.

        Raises
        ------
        ValueError
            Where it is not kept.
        """
        if not self.has_ranks(method):
            raise ValueError(f"{self.path} holds no ranks of {method}.")
        kept = safetensors.torch.load_file(self._file(f"ranks/{method}"))
        return Ranking(kept["train"]), Ranking(kept["test"])

    def keep_outcome(self, key: str, outcome: Outcome) -> None:
        """Keeps what came of a training."""
        bits = np.packbits(outcome.recognised)
        told = {"pictures": len(outcome.recognised), "recognised": bits.tobytes().hex(), "seconds": outcome.seconds}
        self.write(f"trainings/{key}.json", lambda draft: draft.write_text(json.dumps(told), encoding="utf-8"))

    def outcome(self, key: str) -> Outcome | None:
        """What came of a training, if it has ended."""
        file = self.path / "trainings" / f"{key}.json"
        if not file.exists():
            return None
        told = json.loads(file.read_text(encoding="utf-8"))
        bits = np.frombuffer(bytes.fromhex(told["recognised"]), dtype=np.uint8)
        return Outcome(np.unpackbits(bits, count=told["pictures"]).astype(bool), told["seconds"])

    def networks(self) -> int:
        """How many networks are trained."""
        return sum(not file.name.startswith("explained") for file in (self.path / "trainings").glob("*.json"))

    def keep_saved(self, keys: Collection[str]) -> None:
        """Keeps which trainings were left out, since the difference to random removal was clear."""
        self.write(SAVED, lambda draft: draft.write_text(json.dumps(sorted(keys), indent=1), encoding="utf-8"))

    def saved(self) -> int:
        """How many trainings were left out."""
        file = self.path / SAVED
        return len(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else 0

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.safetensors"

    def _keep(self, name: str, tensors: Mapping[str, Tensor], about: Mapping[str, str] | None = None) -> None:
        def write(draft: Path) -> None:
            safetensors.torch.save_file(dict(tensors), draft, dict(about or {}))

        self.write(f"{name}.safetensors", write)


def as_levels(pixels: Tensor) -> Tensor:
    """The pixels as 256 levels, a quarter of the bytes, where nothing is lost by it."""
    levels = (pixels * 255).round().to(torch.uint8)
    return levels if torch.equal(as_pixels(levels), pixels) else pixels.contiguous()


def as_pixels(kept: Tensor) -> Tensor:
    """Pixels in [0, 1] from what was kept."""
    return kept / 255 if kept.dtype == torch.uint8 else kept


def as_small(ranks: Tensor) -> Tensor:
    """The ranks in half the bytes where they are small enough."""
    return ranks.to(torch.int16 if bytes_of_a_rank(ranks[0].numel()) == torch.int16.itemsize else torch.int32)


def bytes_of_a_rank(places: int) -> int:
    """Bytes that the rank of a place takes where there are that many.

    >>> bytes_of_a_rank(784), bytes_of_a_rank(224 * 224)
    (2, 4)
    """
    return torch.int16.itemsize if places <= torch.iinfo(torch.int16).max else torch.int32.itemsize
