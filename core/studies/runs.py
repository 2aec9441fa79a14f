"""The runs that made a study: when each began, its versions, and what computed it."""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version

import torch

DECISIVE = {
    "heatcheck": "HeatCheck",
    "python": "Python",
    "torch": "torch",
    "device": "device",
    "processor": "processor",
}
"""What may round otherwise in another run, and what a person reads of it."""


def this_run(device: torch.device) -> dict[str, str]:
    """When a run that begins now began, its versions, and what computes it."""
    return {
        "began": datetime.now(UTC).isoformat(),
        "heatcheck": version("heatcheck"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": str(device),
        "processor": processor_of(device),
    }


def processor_of(device: torch.device) -> str:
    """The model of a GPU; of a CPU its architecture and the instructions that torch uses, by which it rounds."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}"


def mixture(runs: Sequence[Mapping[str, str]]) -> str:
    """In what the runs differ that made a study, and what that means; empty where they do not.

    >>> mixture([{"torch": "2.8.0", "device": "cpu"}, {"torch": "2.9.0", "device": "cpu"}]).split(". ")[0]
    'The runs that made this study differ in torch (2.8.0, 2.9.0)'
    >>> mixture([{"torch": "2.9.0", "device": "cpu"}] * 2)
    ''
    """
    found = {words: list(dict.fromkeys(run.get(name, "") for run in runs)) for name, words in DECISIVE.items()}
    told = [f"{words} ({', '.join(values)})" for words, values in found.items() if len(values) > 1]
    if not told:
        return ""
    return (
        f"The runs that made this study differ in {' and '.join(told)}. They may round differently, so part of the "
        "difference between networks may come from there."
    )
