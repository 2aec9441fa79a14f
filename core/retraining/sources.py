"""Where labelled pictures come from: torchvision's data sets, and a person's folder."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from core.models.cropping import centre_crop
from core.pictures.collecting import StudyPicture, collect_pictures
from core.pictures.labels import FOLDERS, OF_PICTURES, LabelSource, given_labels, listed_in_vain
from core.pictures.opening import PictureError, as_picture
from core.pictures.torchvision_datasets import held_out_split, open_torchvision_dataset
from core.retraining.division import Example, Examples, SourcePictures, shuffled, so_many_are
from core.studies.over_pictures import PictureRefused

TRAIN, TESTS = "train", ("test", "val", "valid", "validation")
"""Folders that divide pictures into training and test pictures; of the latter the first that there is."""
MOST_MISSING = 20
"""Files of a table that are named where they are not there: it may list a data set of which the folder is a part."""


def of_torchvision(name: str, side: int, seed: int) -> SourcePictures:
    """A data set of torchvision whose targets are classes, divided as its makers divide it where they do.

    Raises
    ------
    ValueError
        Where there is no such data set, it is unavailable, or its pictures have no classes.
    """
    learned = open_torchvision_dataset(name)
    next(
        iter(in_dataset(learned, "train", name, side, None)), None
    )  # refuses it before its test pictures are downloaded
    labels = class_names(learned)
    if not held_out_split(name):
        return SourcePictures(name, labels, in_dataset(learned, "picture", name, side, None))
    tested = open_torchvision_dataset(name, "test")
    if class_names(tested) != labels:
        raise ValueError(
            f"The training and the test pictures of {name} have different classes. Choose another data set."
        )
    train, test = (in_dataset(items, part, name, side, seed) for items, part in ((learned, "train"), (tested, "test")))
    return SourcePictures(name, labels, train, test, f"The training and test pictures are those of {name} itself.")


def in_dataset(items: Any, part: str, name: str, side: int, seed: int | None) -> Examples:
    """The pictures of a data set with their classes, one after the other; shuffled where a seed is given."""
    places = range(len(items)) if seed is None else shuffled(range(len(items)), seed)
    for place in places:
        called = f"{part} {place}"
        try:
            picture, target = items[place][:2]
            opened = as_picture(picture)
            levels = levels_of(opened, side)
        except PictureError as error:
            yield PictureRefused(called, str(error))
            continue
        except Exception as error:  # a data set may raise anything
            yield PictureRefused(called, f"The data set cannot read it ({error}).")
            continue
        yield Example(called, levels, class_of(target, name), enlarged=min(opened.size) < side)


def class_of(target: Any, name: str) -> int:
    """The class that a data set gives for a picture.

    Raises
    ------
    ValueError
        Where it gives something else.
    """
    if isinstance(target, int) or getattr(target, "ndim", None) == 0:
        return int(target)
    raise ValueError(f"The pictures of {name} have no class each; choose a data set of a class for each picture.")


def class_names(items: Any) -> tuple[str, ...]:
    """The names of a data set's classes, if it has any; of several names for one class the first."""
    named = getattr(items, "classes", None) or getattr(items, "categories", None) or ()
    return tuple(each if isinstance(each, str) else str(each[0]) for each in named)


def of_folder(folder: Path, source: LabelSource, side: int, seed: int) -> SourcePictures:
    """A person's own pictures, divided as their folders divide them where these are called train and test.

    Raises
    ------
    ValueError
        Where there is no picture, or none has a label.
    """
    found = collect_pictures(folder)
    title = folder.expanduser().resolve().name
    tests = held_out_folder({part_of(each.name) for each in found})
    if tests is None:
        given = given_labels([each.name for each in found], source)
        labels = tuple(sorted(set(given.values())))
        return SourcePictures(title, labels, opened(found, given, labels, side), refused=tuple(missing(found, source)))
    parts = [[each for each in found if part_of(each.name) == part] for part in (TRAIN, tests)]
    given = labels_in_parts([each.name for part in parts for each in part], source)
    labels = tuple(sorted(set(given.values())))
    learned, tested = (opened(shuffled(part, seed), given, labels, side) for part in parts)
    division = f"The training and test pictures are those of its folders {TRAIN} and {tests}."
    return SourcePictures(
        title, labels, learned, tested, division, (*in_neither(found, tests), *missing(found, source))
    )


def opened(
    pictures: Sequence[StudyPicture], given: Mapping[str, str], labels: tuple[str, ...], side: int
) -> Iterator[Example | PictureRefused]:
    """The pictures that have a label and can be opened, and why the others are left out."""
    for each in pictures:
        if each.name not in given:
            yield PictureRefused(each.name, "It has no label.")
            continue
        try:
            picture = each.open()
            levels = levels_of(picture, side)
        except PictureError as error:
            yield PictureRefused(each.name, str(error))
            continue
        yield Example(each.name, levels, labels.index(given[each.name]), enlarged=min(picture.size) < side)


def held_out_folder(parts: set[str]) -> str | None:
    """The folder of test pictures, where there is also one of training pictures.

    >>> held_out_folder({"train", "val", "test"}), held_out_folder({"train", "cat"})
    ('test', None)
    """
    return next((part for part in TESTS if part in parts), None) if TRAIN in parts else None


def part_of(name: str) -> str:
    """The first folder that a picture lies in, which may be that of a part.

    >>> part_of("Train/cat/a.jpg"), part_of("images/val/a.jpg"), part_of("a.jpg")
    ('train', 'val', '')
    """
    return next((part.lower() for part in PurePosixPath(name).parent.parts if part.lower() not in OF_PICTURES), "")


def labels_in_parts(names: Sequence[str], source: LabelSource) -> dict[str, str]:
    """The label of each picture that has one; the folder of its part is none."""
    if source != FOLDERS:
        return given_labels(names, source)
    below = {name: below_part(name) for name in names}
    given = given_labels(list(below.values()), source)
    return {name: given[inner] for name, inner in below.items() if inner in given}


def below_part(name: str) -> str:
    """Where a picture lies in the folder of its part.

    >>> below_part("images/train/cat/a.jpg")
    'cat/a.jpg'
    """
    parts = PurePosixPath(name).parts
    return PurePosixPath(
        *parts[next(at for at, part in enumerate(parts, 1) if part.lower() not in OF_PICTURES) :]
    ).as_posix()


def in_neither(pictures: Sequence[StudyPicture], tests: str) -> Iterator[PictureRefused]:
    """What lies outside both parts, each folder once."""
    outside = Counter(part_of(each.name) or each.name for each in pictures)
    for place, count in outside.items():
        if place not in (TRAIN, tests):
            yield PictureRefused(place, f"{so_many_are(count, 'picture')} neither in {TRAIN} nor in {tests}.")


def missing(pictures: Sequence[StudyPicture], source: LabelSource) -> Iterator[PictureRefused]:
    """The files of a table that are not there: the first by name, the number of the others."""
    files = listed_in_vain([each.name for each in pictures], source)
    for file in files[:MOST_MISSING]:
        yield PictureRefused(file, f"{Path(str(source)).name} lists it, but there is no such picture.")
    if len(files) > MOST_MISSING:
        further = so_many_are(len(files) - MOST_MISSING, "further picture")
        yield PictureRefused(Path(str(source)).name, f"{further} listed in it, but not there.")


def classes_given(pictures: Sequence[str], source: LabelSource) -> dict[str, int]:
    """How many pictures of a folder each class would have; none where a source gives no labels or cannot be read."""
    tests = held_out_folder({part_of(name) for name in pictures})
    try:
        if tests is None:
            given = given_labels(pictures, source)
        else:
            given = labels_in_parts([name for name in pictures if part_of(name) in (TRAIN, tests)], source)
    except ValueError:
        return {}
    return dict(Counter(given.values()))


def levels_of(picture: Image.Image, side: int) -> UInt8[Tensor, "channels side side"]:
    """The centre of a picture, scaled; in one channel where all three are equal."""
    levels = (centre_crop(picture, size=(side, side)) * 255).round().to(torch.uint8)
    grey = torch.equal(levels[0], levels[1]) and torch.equal(levels[1], levels[2])
    return (levels[:1] if grey else levels).clone(memory_format=torch.contiguous_format)
