"""Whether training waits for its images: `python -m benchmarks.images FOLDER`, which has a folder for each class.

Two things are measured in turns: batches with the augmentation that the cats-and-dogs network is trained with, made
by Tricera and by keras-preprocessing where that is installed; and that network's training from the folder beside its
training from memory: whole calls of `fit` for an epoch, programs compiled before. In its first pass over the folder an
iterator decodes the files, in later ones it has their pixels. Processor time counts all threads, so that it says
something on a busy machine, too.
"""

import argparse
import contextlib
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import tricera
from benchmarks import works
from benchmarks.hide import hide
from tricera.preprocessing import image

_SIZE = (150, 150)
_CHANGES = {
    "rescale": 1 / 255,
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
}


def flow(library: Any, folder: str, batch: int) -> Any:
    """Endless batches of the images in the folder, augmented."""
    with contextlib.redirect_stdout(sys.stderr):
        return library.ImageDataGenerator(**_CHANGES).flow_from_directory(
            folder, target_size=_SIZE, batch_size=batch, class_mode="binary", seed=1
        )


def original() -> Any:
    """keras-preprocessing, without the TensorFlow that it would import wherever it finds it; None if not installed."""
    hide(["tensorflow"])
    with contextlib.suppress(ImportError):
        from keras_preprocessing import image as found

        return found
    return None


class Clock:
    """Seconds on the wall and of the processor, over several turns."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.processor: list[float] = []

    @contextlib.contextmanager
    def turn(self, count: int) -> Iterator[None]:
        """Time what makes `count` things."""
        wall, processor = time.perf_counter(), time.process_time()
        yield
        self.wall.append((time.perf_counter() - wall) / count)
        self.processor.append((time.process_time() - processor) / count)

    def __str__(self) -> str:
        wall, processor = statistics.median(self.wall), statistics.median(self.processor)
        return f"{1 / wall:7.0f} a second, {1e3 * processor:7.2f} ms of processor time each"


def making(folder: str, rounds: int, batch: int = 32) -> Iterator[str]:
    """Images a second: of the original, and of Tricera in a first and in later passes."""
    theirs = original()
    clocks = {"keras-preprocessing": Clock(), "Tricera, first pass": Clock(), "Tricera, later passes": Clock()}
    next(flow(image, folder, batch))  # compiles

    def draw(batches: Any, clock: Clock) -> None:
        steps = max(1, batches.samples // batch)
        with clock.turn(steps * batch):
            for _ in range(steps):
                next(batches)

    for _ in range(rounds):
        if theirs is not None:
            draw(flow(theirs, folder, batch), clocks["keras-preprocessing"])
        ours = flow(image, folder, batch)
        draw(ours, clocks["Tricera, first pass"])
        draw(ours, clocks["Tricera, later passes"])
    slow = clocks["keras-preprocessing"]
    for name, clock in clocks.items():
        if clock.wall:
            times = statistics.median(t / c for t, c in zip(slow.wall, clock.wall, strict=False)) if slow.wall else 1
            yield f"{name:24}{clock}, {times:5.1f} times the original"


def training(folder: str, rounds: int, batch: int = 20) -> Iterator[str]:
    """Milliseconds of a step from memory and from the folder, an epoch of each in turns."""
    model = works.pets(tricera)
    batches = flow(image, folder, batch)
    steps = batches.samples // batch
    x, y = (np.concatenate(parts) for parts in zip(*(batches[i] for i in range(steps)), strict=True))
    clocks = {"from memory": Clock(), "from the folder, first pass": Clock(), "from the folder, later passes": Clock()}
    for turn in range(rounds + 1):  # the first one compiles
        batches = flow(image, folder, batch)
        for clock, data in zip(clocks.values(), ((x, y), (batches,), (batches,)), strict=True):
            with clock.turn(steps) if turn else contextlib.nullcontext():
                model.fit(*data, batch_size=batch if len(data) > 1 else None, steps_per_epoch=steps, verbose=0)
    memory = clocks["from memory"]
    for name, clock in clocks.items():
        wall, processor = (
            statistics.median(f / m for f, m in zip(*pair, strict=True))
            for pair in ((clock.wall, memory.wall), (clock.processor, memory.processor))
        )
        median = 1e3 * statistics.median(clock.wall)
        yield f"{name:30}{median:7.1f} ms a step, {wall:.2f} in time, {processor:.2f} in processor time"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__)
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("making", "training"))
    given = parser.parse_args(arguments)
    if given.only != "training":
        for line in making(given.folder, given.rounds):
            print(line, flush=True)
    if given.only != "making":
        for line in training(given.folder, given.rounds):
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
