"""Data sets of the sounds in folders that are their classes."""

import wave
from typing import Any

import numpy as np

from tricera.data import element
from tricera.errors import report
from tricera.utils.labelled import labelled_files
from tricera.utils.samples import samples_of


def audio_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    sampling_rate=None,
    output_sequence_length=None,
    ragged=False,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    verbose=True,
):
    """A `data.Dataset` of the `.wav` files in the folders of a folder, which are their classes.

    Shapes: batches `(sounds (batch, steps, channels), labels)`, float32 from -1 to 1, filled up with zeros.

    Args:
        sampling_rate: steps in a second, to which sounds of other rates are brought; as they are where None.
        output_sequence_length: steps of each sound; by default those of the longest in its batch.
        ragged: sounds are not filled up: a batch is an array of arrays.

    The other arguments are those of `text_dataset_from_directory`.

    Raises:
        ValueError: arguments that do not fit, no files, or a file that is no sound.
    """
    for name, value in (("sampling_rate", sampling_rate), ("output_sequence_length", output_sequence_length)):
        if value is not None and value <= 0:
            raise ValueError(report(f"`{name}` should be higher than 0.", got=value))
    if ragged and output_sequence_length is not None:
        raise ValueError(report("Cannot set both `ragged` and `output_sequence_length`."))

    def load(path: str) -> np.ndarray:
        sound, rate = read_wave(path)
        if sampling_rate is not None and rate != sampling_rate:
            sound = resample(sound, rate, sampling_rate)
        return sound if output_sequence_length is None else fit_to(sound, output_sequence_length)

    given = directory, labels, label_mode, class_names, ("wav",)
    parts = labelled_files(*given, shuffle, seed, validation_split, subset, follow_links, verbose)
    join = _ragged if ragged else element.pad
    return samples_of(parts, load, join, label_mode, batch_size, shuffle, seed, subset)


def _ragged(samples: list[Any]) -> Any:
    """Sounds as an array of arrays, beside their labels."""
    sounds = np.empty(len(samples), object)
    sounds[:] = [sample[0] if isinstance(sample, tuple) else sample for sample in samples]
    return (sounds, element.stack([s[1] for s in samples])) if isinstance(samples[0], tuple) else sounds


def read_wave(path: str) -> tuple[np.ndarray, int]:
    """The sound in a WAV file, `(steps, channels)` from -1 to 1, and its steps in a second.

    Raises:
        ValueError: no WAV file of 8, 16, 24 or 32 bits in whole numbers.
    """
    try:
        with wave.open(path, "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(
            report(f"{path!r} is no WAV file of whole numbers.", got=str(error) or "an early end", fix="convert it.")
        ) from None
    raw = np.frombuffer(content, "uint8")
    raw = raw[: len(raw) // (width * channels) * width * channels].reshape(-1, channels, width)
    if width == 1:  # the one width without a sign
        return ((raw[..., 0].astype("float32") - 128) / 128), rate
    padded = np.zeros((*raw.shape[:2], 4), "uint8")
    padded[..., 4 - width :] = raw
    return (padded.view("<i4")[..., 0] / float(1 << 31)).astype("float32"), rate


def resample(sound: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """`sound` at `wanted` steps in a second, by a sinc of 16 zeros a side under a Hann window.

    Reference: Smith and Gossett, A flexible sampling-rate conversion method, ICASSP 1984.
    """
    count = -(-len(sound) * wanted // rate)
    cut = min(1.0, wanted / rate)  # what the lower rate can carry
    reach = int(np.ceil(_ZEROS / cut))
    center = np.arange(count) * (rate / wanted)
    steps = np.floor(center).astype(int)[:, None] + np.arange(-reach + 1, reach + 1)
    distance = (center[:, None] - steps) * cut
    weights = cut * np.sinc(distance) * np.where(abs(distance) < _ZEROS, np.cos(np.pi * distance / _ZEROS / 2) ** 2, 0)
    inside = (steps >= 0) & (steps < len(sound))
    taken = sound[np.clip(steps, 0, max(len(sound) - 1, 0))]
    return np.einsum("tk,tkc->tc", weights * inside, taken).astype("float32")


_ZEROS = 16


def fit_to(sound: np.ndarray, length: int) -> np.ndarray:
    """The first `length` steps, filled up with zeros."""
    out = np.zeros((length, *sound.shape[1:]), sound.dtype)
    out[: len(sound)] = sound[:length]
    return out
