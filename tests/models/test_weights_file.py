"""Weights from anybody: read to the bit where they are sound, refused in a sentence where they are not."""

import codecs
import io
import json
import pickle
import struct
import sys
import time
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from core.models.sources import ModelError
from core.models.weights_file import MOST_ENTRIES, read_weights

MUTANTS = 1500
SECONDS = 2.0  # of work: reading waits for nothing, and a busy machine is not the file's fault
MOST_KB = 64 * 1024  # that thousands of files of a few kB may take at once
RUNS_CODE = (
    "exec",
    "compile",
    "import",
    "pickle.find_class",
    "open",
    "os.",
    "subprocess.",
    "socket.",
    "ctypes.",
    "marshal.",
)
RESET_PEAK, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")

watched: list[str] | None = None


def small() -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 5))


def saved(thing: object) -> bytes:
    file = io.BytesIO()
    torch.save(thing, file)
    return file.getvalue()


def repacked(
    content: bytes, change: Callable[[dict[str, bytes]], None], compression: int = zipfile.ZIP_STORED
) -> bytes:
    """The archive with other entries."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {each.filename: archive.read(each) for each in archive.infolist()}
    change(entries)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    return file.getvalue()


def with_list(pickled: bytes, sound: bytes | None = None) -> bytes:
    """An archive with another list of weights."""
    sound = sound or saved(small().state_dict())
    return repacked(sound, lambda entries: entries.update({"archive/data.pkl": pickled}))


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "written",
    [
        saved,
        safetensors.torch.save,
        lambda state: saved({"epoch": 3, "state_dict": state, "losses": [0.5, 0.25], "lr": 1e-3, "best": None}),
        lambda state: saved({"model": OrderedDict(state), "args": {"depth": 3, "name": "a"}}),
        lambda state: saved({name: nn.Parameter(each) for name, each in state.items() if each.is_floating_point()}),
    ],
)
def test_what_was_saved_is_read_to_the_bit(written):
    state = small().state_dict()
    read = read_weights(written(state))
    assert equal(read, {name: state[name] for name in read})
    assert {name for name, each in state.items() if each.is_floating_point()} <= read.keys()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_are_read_as_they_are(dtype):
    state = small().to(dtype).state_dict()
    assert equal(read_weights(saved(state)), state)
    assert equal(read_weights(safetensors.torch.save(state)), state)


def test_an_optimizer_saved_beside_the_weights_does_no_harm():
    network = small()
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.rand(2, 3, 4, 4)).sum().backward()
    optimizer.step()
    read = read_weights(saved({"model_state_dict": network.state_dict(), "optimizer": optimizer.state_dict()}))
    assert equal(read, dict(network.state_dict()))


def test_tensors_that_share_a_storage_are_read_alike():
    shared = torch.arange(12.0)
    read = read_weights(saved({"whole": shared, "part": shared[4:8]}))
    assert torch.equal(read["part"], shared[4:8])


def test_tied_weights_are_read_under_each_of_their_names():
    tied = torch.rand(64, 64)
    read = read_weights(saved({"embedding.weight": tied, "head.weight": tied}))
    assert equal(read, {"embedding.weight": tied, "head.weight": tied})


def test_one_tensor_under_hundreds_of_names_is_refused_before_it_fills_the_memory(monkeypatch):
    shared = torch.zeros(1 << 18)
    views = {f"name {number}": shared.view(1 << number % 18, -1) for number in range(300)}
    monkeypatch.setattr("torch.load", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(ModelError, match="times the size of the file in memory"):
        read_weights(saved({"state_dict": views}))


class Evil:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return (exec, ("raise AssertionError('code has run')",))


def program() -> bytes:
    file = io.BytesIO()
    torch.jit.save(torch.jit.trace(small(), torch.rand(1, 3, 4, 4)), file)
    return file.getvalue()


def exported() -> bytes:
    file = io.BytesIO()
    torch.export.save(torch.export.export(small().eval(), (torch.rand(1, 3, 4, 4),)), file)
    return file.getvalue()


def onnx_network(producer: str) -> bytes:
    onnx = pytest.importorskip("onnx")
    graph = onnx.helper.make_graph([], "empty", [], [])
    return onnx.helper.make_model(graph, producer_name=producer).SerializeToString()


def numpy_array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (lambda: saved(small()), "torch.nn.modules.container.Sequential"),
        (lambda: saved({"state_dict": small().state_dict(), "extra": Evil()}), "builtin.*exec"),
        (lambda: with_list(pickle.dumps(Evil(), protocol=2)), "builtin.*exec"),
        (lambda: saved({"state_dict": small().state_dict(), "best": np.float64(1)}), "numpy"),
        (program, "TorchScript"),
        (exported, ".pt2"),
        (lambda: saved([1, 2, 3]), "no state dict"),
        (lambda: saved({"epoch": 3}), "no state dict"),
        (lambda: pickle.dumps(small().state_dict()), "a pickle"),
        (numpy_array, "NumPy"),
        (lambda: onnx_network("pytorch"), "ONNX .*core.from_onnx.* --model module:function"),
        (lambda: onnx_network(""), "ONNX .*core.from_onnx.* --model module:function"),
        (lambda: b"", "neither safetensors nor a state dict"),
        (lambda: b"a letter to a friend", "neither safetensors nor a state dict"),
        (lambda: saved({"weight": torch.tensor([1.0, float("nan")])}), "not finite"),
        (lambda: saved({"weight": torch.rand(4, 4).T}), "contiguous"),
        (lambda: saved({"weight": torch.ones(1).expand(10**9)}), "contiguous"),
        (lambda: saved({"weight": torch.sparse_coo_tensor([[0]], [1.0], (10**9,))}), "sparse"),
        (lambda: saved(small().state_dict())[:-100], "damaged"),
        (lambda: safetensors.torch.save(small().state_dict())[:-1], "damaged"),
        (lambda: safetensors.torch.save(small().to(torch.float8_e4m3fn).state_dict()), "float8_e4m3fn.* float16"),
        (lambda: safetensors.torch.save(small().to(torch.complex64).state_dict()), "complex64.* float16"),
        (lambda: repacked(saved(small().state_dict()), lambda _: None, zipfile.ZIP_DEFLATED), "not laid out"),
        (lambda: repacked(saved(small().state_dict()), lambda entries: entries.pop("archive/data/0")), "damaged"),
        (lambda: repacked(saved(small().state_dict()), lambda entries: entries.pop("archive/data.pkl")), "no list"),
        (lambda: repacked(saved(small().state_dict()), lambda entries: entries.update({"x/y": b""})), "not laid out"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason_and_the_way_out(content, reason):
    with pytest.raises(ModelError, match=reason) as refused:
        read_weights(content())
    assert len(str(refused.value)) < 400


def test_tuples_within_tuples_as_a_key_do_not_hang_the_reader():
    nested = b"\x80\x02}K\x01" + b"q\x00h\x00\x86" * 60 + b"K\x01s."
    began = time.thread_time()
    with pytest.raises(ModelError):
        read_weights(with_list(nested))
    assert time.thread_time() - began < SECONDS


@pytest.mark.parametrize("saved_as", [saved, safetensors.torch.save], ids=["archive", "safetensors"])
def test_a_name_longer_than_any_weight_s_is_refused_in_a_short_sentence(saved_as):
    began = time.thread_time()
    with pytest.raises(ModelError, match="more than 500 letters") as refused:
        read_weights(saved_as({"a." * 200_000: torch.zeros(1)}))
    assert len(str(refused.value)) < 400
    assert time.thread_time() - began < SECONDS


def test_numbers_of_one_hash_as_keys_do_not_hang_the_reader():
    modulus = sys.hash_info.modulus
    keys = (pickle.encode_long(place * modulus) for place in range(1, 100_000))
    listed = b"".join(b"\x8a" + bytes([len(key)]) + key + b"N" for key in keys)
    began = time.thread_time()
    with pytest.raises(ModelError):
        read_weights(with_list(b"\x80\x02}(" + listed + b"u."))
    assert time.thread_time() - began < SECONDS


def test_an_archive_of_more_entries_than_any_network_has_is_refused_before_it_is_listed(monkeypatch):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for place in range(MOST_ENTRIES + 1):
            archive.writestr(f"archive/{place}", "")
    monkeypatch.setattr(zipfile, "ZipFile", None)
    with pytest.raises(ModelError, match="more weights than any network has"):
        read_weights(file.getvalue())


def header_of(tensors: int, name: str) -> bytes:
    """A safetensors file of tensors without numbers."""
    empty = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    header = json.dumps({name.format(number): empty for number in range(tensors)}).encode()
    header += b" " * (-len(header) % 8)
    return struct.pack("<Q", len(header)) + header


@pytest.mark.parametrize(
    "content",
    [
        lambda: with_list(b"\x80\x02" + b"}" * 1_900_000 + b"."),
        lambda: header_of(100_000, "{}"),
        lambda: header_of(30_000, "{}"),
        lambda: header_of(10, "{}" + "a" * 500_000),
    ],
    ids=["instructions", "tensors", "short names", "long names"],
)
def test_a_list_longer_than_that_of_any_network_is_refused_at_once(content):
    content = content()
    began = time.thread_time()
    with pytest.raises(ModelError, match=r"than any network has.* Save the weights alone"):
        read_weights(content)
    assert time.thread_time() - began < SECONDS


def test_a_checkpoint_of_the_largest_networks_is_within_the_limits():
    weights = {f"blocks.{block}.conv.weight": torch.zeros(1, 1, 1, 1) for block in range(2000)}
    moments = {number: {"step": torch.zeros(()), "exp_avg": each, "exp_avg_sq": each.clone()}
               for number, each in enumerate(weights.values())}  # fmt: skip
    read = read_weights(saved({"state_dict": weights, "optimizer": {"state": moments}}))
    assert len(read) == 2000
    assert len(read_weights(safetensors.torch.save(weights))) == 2000


def mutants(sound: bytes, number: int) -> list[bytes]:
    """Copies with bytes changed, cut out or doubled; numbers of sizes and counts among them."""
    draw = np.random.default_rng(number)
    changed = []
    for _ in range(number):
        mutant, place = bytearray(sound), int(draw.integers(len(sound)))
        match draw.integers(5):
            case 0:
                mutant[place] = draw.integers(256)
            case 1:
                for each in draw.integers(len(sound), size=8):
                    mutant[each] = draw.integers(256)
            case 2:
                mutant[place : place + 4] = struct.pack("<I", draw.choice([0, 1, 2**16, 2**31 - 1, 2**32 - 1]))
            case 3:
                del mutant[place : place + int(draw.integers(1, 64))]
            case 4:
                mutant[place:place] = mutant[place : place + int(draw.integers(1, 64))]
        changed.append(bytes(mutant))
    return changed


def mutated_lists(number: int) -> list[bytes]:
    """Archives whose sums are right, with mutated lists of weights."""
    sound = saved(small().state_dict())
    with zipfile.ZipFile(io.BytesIO(sound)) as archive:
        pickles = mutants(archive.read("archive/data.pkl"), number)
    return [with_list(each, sound) for each in pickles]


def watch(event: str, arguments: object) -> None:
    """Keeps what Python tells of code that is looked up, loaded or run."""
    if watched is not None and event.startswith(RUNS_CODE):
        watched.append(f"{event} {arguments}")


@pytest.fixture(scope="module")
def _watching() -> None:
    sys.addaudithook(watch)  # which cannot be taken back
    codecs.lookup("cp437")  # in which zipfile reads some names
    for sound in (saved(small().state_dict()), safetensors.torch.save(small().state_dict())):
        read_weights(sound)  # imports what reading needs


@contextmanager
def nothing_but_reading() -> Iterator[None]:
    """Fails where code was looked up or run, or where memory was taken beyond the files' own."""
    global watched
    if measured := RESET_PEAK.exists():
        RESET_PEAK.write_text("5")
        before = kilobytes("VmRSS")
    watched = []
    try:
        yield
        assert watched == []
    finally:
        watched = None
    if measured:
        assert kilobytes("VmHWM") - before < MOST_KB


def kilobytes(name: str) -> int:
    """What this process holds now (VmRSS), or held at most (VmHWM)."""
    return next(int(line.split()[1]) for line in STATUS.read_text().splitlines() if line.startswith(name))


@pytest.mark.parametrize(
    "files",
    [
        lambda: mutants(saved(small().state_dict()), MUTANTS),
        lambda: mutants(safetensors.torch.save(small().state_dict()), MUTANTS),
        lambda: mutated_lists(MUTANTS),
    ],
    ids=["archives", "safetensors", "lists"],
)
@pytest.mark.usefixtures("_watching")
def test_thousands_of_hostile_files_are_read_or_refused_and_never_hang_or_run_code(files):
    refused, hostile = 0, files()
    with nothing_but_reading():
        for content in hostile:
            began = time.thread_time()
            try:
                read = read_weights(content)
            except ModelError:
                refused += 1
            else:
                assert sum(each.numel() * each.itemsize for each in read.values()) <= len(content)
            assert time.thread_time() - began < SECONDS
    assert refused > MUTANTS / 10


@pytest.mark.usefixtures("_watching")
def test_the_watch_sees_code_that_a_pickle_runs_and_memory_that_is_taken():
    with pytest.raises(AssertionError), nothing_but_reading():
        pickle.loads(pickle.dumps(OrderedDict()))
    if RESET_PEAK.exists():
        with pytest.raises(AssertionError), nothing_but_reading():
            torch.ones(MOST_KB * 1024)
