"""Whether training waits for its images: `python -m benchmarks.images FOLDER`, which has a folder for each class.

Two things are measured in turns: batches with the augmentation that the cats-and-dogs network is trained with, made
by Tricera and by keras-preprocessing where that is installed; and that network's training from the folder beside its
training from memory. Processor time counts all threads, so that it says something on a busy machine, too.
"""

import argparse
import contextlib
import functools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import tricera
from benchmarks import works
from tricera.preprocessing import image

_SIZE = (150, 150)
_EPOCHS = 3
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
    sys.modules.setdefault("tensorflow", None)  # type: ignore[arg-type]
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


class Epochs(tricera.callbacks.Callback):
    """Times the epochs of one `fit` after the first one, which compiles or fills what batches wait in."""

    def __init__(self, clock: Clock, steps: int):
        super().__init__()
        self._clock, self._steps = clock, steps

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._turn = self._clock.turn(self._steps) if epoch else contextlib.nullcontext()
        self._turn.__enter__()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._turn.__exit__(None, None, None)


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


def training(folder: str, rounds: int, steps: int, batch: int = 20) -> Iterator[str]:
    """Seconds of a step from memory and from the folder, an epoch of each in turns."""
    model = works.pets(tricera)
    batches = flow(image, folder, batch)
    x, y = (np.concatenate(parts) for parts in zip(*(batches[i] for i in range(steps)), strict=True))
    sources: dict[str, Callable[..., Any]] = {
        "from memory": functools.partial(model.fit, x, y, batch_size=batch),
        "from the folder": functools.partial(model.fit, batches, steps_per_epoch=steps),
    }
    clocks = {name: Clock() for name in sources}
    for _ in range(rounds):
        for name, fit in sources.items():
            fit(epochs=_EPOCHS, verbose=0, callbacks=[Epochs(clocks[name], steps)])
    memory, files = clocks.values()
    for name, clock in clocks.items():
        yield f"{name:24}{1e3 * statistics.median(clock.wall):7.1f} ms a step"
    wall, processor = (
        statistics.median(f / m for f, m in zip(*pair, strict=True))
        for pair in ((files.wall, memory.wall), (files.processor, memory.processor))
    )
    yield f"Training from the folder / from memory: {wall:.2f} in time, {processor:.2f} in processor time."


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__)
    parser.add_argument("folder", metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10, help="in an epoch of training")
    parser.add_argument("--only", choices=("making", "training"))
    given = parser.parse_args(arguments)
    if given.only != "training":
        for line in making(given.folder, given.rounds):
            print(line, flush=True)
    if given.only != "making":
        for line in training(given.folder, given.rounds, given.steps):
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
