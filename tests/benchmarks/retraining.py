"""Trainings of a study, a process of one thread for each core, beside the loop that everybody writes; one fine-tune."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor

import torch
from interleaved import seconds_of
from torch import nn
from torch.nn import functional as F

from core.models.small import batch_norm_cnn
from core.retraining.data import collect_data
from core.retraining.fine_tune import stream_fine_tune
from core.retraining.spec import METHODS
from core.retraining.training import BATCH, PEAK, Recipe, retraining_precision, train
from core.retraining.workers import cores

ROUNDS = 3
SHORT = Recipe(epochs=1)


def ours(seed: int) -> None:
    """One epoch as a study trains it, in a process that holds the pictures already."""
    torch.set_num_threads(1)
    cpu = torch.device("cpu")
    for _ in train(collect_data(), SHORT, seed, cpu, precision=retraining_precision(cpu)):
        pass


def plain() -> nn.Module:
    """The same epoch in a plain loop, with as many threads as PyTorch takes by itself."""
    data = collect_data()
    network = batch_norm_cnn(len(data.labels), data.size)
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.01)
    inputs, steps = data.normalised(data.train.pixels).contiguous(), -(-len(data.train.labels) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, PEAK, steps)
    network.train()
    for places in torch.randperm(len(inputs)).split(BATCH):
        loss = F.cross_entropy(network(inputs[places]), data.train.labels[places])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    network.eval()
    with torch.inference_mode():
        network(data.normalised(data.test.pixels).contiguous()).argmax(dim=1)
    return network


def against_a_plain_loop() -> tuple[float, str]:
    """How many trainings end in the time that the plain loop takes for one."""
    count = cores()
    with ProcessPoolExecutor(count, multiprocessing.get_context("spawn")) as processes:
        took = seconds_of({"ours": lambda: list(processes.map(ours, range(count))), "plain": plain}, ROUNDS)
    each = took["ours"] / count
    threads = torch.get_num_threads()
    return took["plain"] / each, f"an epoch in {each:.2f} s, {took['plain']:.2f} s by a loop of {threads} threads"


def one_fine_tune() -> tuple[float, str]:
    """Seconds to the verdict over every method of a study, with the bundled pictures and networks."""
    began, count = time.perf_counter(), 0
    for _ in stream_fine_tune(METHODS, device="cpu"):
        count += 1
    return time.perf_counter() - began, f"{len(METHODS)} methods and the controls, with {cores()} cores, {count} events"
