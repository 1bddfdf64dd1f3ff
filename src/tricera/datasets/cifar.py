"""What CIFAR-10 and CIFAR-100 share: an archive of pickled batches of 32 x 32 colour pictures."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tricera import config
from tricera.datasets.npz import Array, check
from tricera.datasets.pickled import loads
from tricera.datasets.source import read_checked, say_if_unpublished
from tricera.errors import SafetyError
from tricera.utils.archives import extract
from tricera.utils.files import cache_path, get_file

_HOST = "https://www.cs.toronto.edu/~kriz/"
_SIZE = 1 << 29


@dataclass(frozen=True)
class Batches:
    """One published archive: the folder inside it, its SHA-256, and the batches of its two parts."""

    folder: str
    archive: str
    digest: str
    train: tuple[str, ...]
    test: tuple[str, ...]


def load_batches(batches: Batches, labels: str, below: int):
    """`(x_train, y_train), (x_test, y_test)`: uint8 pictures in `image_data_format`, and their int64 labels."""
    folder = _folder(batches)
    return tuple(
        _joined([read_checked(folder / name, partial(_read, labels=labels, below=below)) for name in names])
        for names in (batches.train, batches.test)
    )


def _folder(batches: Batches) -> Path:
    """The folder of unpacked batches, of Keras 3 or of Keras 2; unpacked or downloaded if it is not there."""
    target = cache_path(f"{batches.folder}-target")
    names = batches.train + batches.test
    for folder in (target / batches.folder, target.with_name(batches.folder)):
        if all((folder / name).is_file() for name in names):
            return folder
    for archive in (f"{target.name}_archive", f"{batches.folder}.tar.gz", batches.archive):
        if (path := target.with_name(archive)).exists():
            read_checked(path, partial(_unpack, folder=target, batches=batches))
            say_if_unpublished(path, batches.digest)
            return target / batches.folder
    found = get_file(target.name, _HOST + batches.archive, file_hash=batches.digest, extract=True)
    return Path(found) / batches.folder


def _unpack(path: Path, folder: Path, batches: Batches) -> None:
    if not extract(path, folder, "tar"):
        raise ValueError("it is no tar file")
    if missing := [name for name in batches.train + batches.test if not (folder / batches.folder / name).is_file()]:
        raise ValueError(f"it has no {batches.folder}/{missing[0]}")


def _read(path: Path, labels: str, below: int) -> tuple[np.ndarray, np.ndarray]:
    if path.stat().st_size > _SIZE:
        raise SafetyError(f"it is larger than {_SIZE:,} bytes")
    batch, sizes = loads(path.read_bytes()), {}
    if not isinstance(batch, dict):
        raise ValueError("it is no batch of pictures")
    batch = {key.decode("latin1") if isinstance(key, bytes) else key: value for key, value in batch.items()}
    if missing := [key for key in ("data", labels) if key not in batch]:
        raise ValueError(f"its entry {missing[0]!r} is missing")
    x = check("its entry 'data'", np.asarray(batch["data"]), Array("uint8", ("pictures", 3072)), sizes)
    y = check(f"its entry {labels!r}", np.asarray(batch[labels]), Array("int64", ("pictures",), below), sizes)
    return x.reshape(-1, 3, 32, 32), y[:, None]


def _joined(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    x, y = map(np.concatenate, zip(*parts, strict=True))
    return (x.transpose(0, 2, 3, 1) if config.image_data_format() == "channels_last" else x), y
