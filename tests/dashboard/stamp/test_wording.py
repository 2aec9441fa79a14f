"""What a network is to learn, in words."""

from dataclasses import replace

from core.pictures.stamps import Stamp
from core.stamping.task import Task
from dashboard.stamp.wording import task_in_words

TASK = Task("patches", (Stamp(),))


def test_a_task_is_told_with_all_that_its_pictures_show():
    words = task_in_words(Task("torchvision/CIFAR10", (Stamp("ring", 4), Stamp("bars", 4)), Stamp("saltire", 4)))
    for part in ("which of several stamps", "a ring or bars", "4 px", "CIFAR10", "A saltire lies on half"):
        assert part in words
    assert "labels" not in words
    assert "Its labels were random" in task_in_words(replace(TASK, labelled=False))
    assert "distractor" not in task_in_words(TASK)
    assert "saltire" not in task_in_words(TASK)


def test_a_folder_s_place_on_this_server_is_not_told():
    assert "/tmp" not in task_in_words(replace(TASK, bases="/tmp/heatcheck-1234/shop"))
