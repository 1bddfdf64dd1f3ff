"""Fashion-MNIST: 70,000 photographs of clothes, in MNIST's form."""

import gzip
import math
import zlib
from functools import partial
from pathlib import Path

import numpy as np

from tricera.datasets.npz import Array, check
from tricera.datasets.source import Source, load
from tricera.errors import SafetyError

_SIZE = 1 << 28


def load_data():
    """The pictures and their labels, `(x_train, y_train), (x_test, y_test)`, all uint8.

    The labels: T-shirt or top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.

    Shapes: `x (60000 and 10000, 28, 28)`, `y (60000 and 10000)`.

    Reference: Xiao et al., 2017, arXiv:1708.07747.
    """
    sizes: dict[str, int] = {}
    return tuple(
        tuple(
            load(_source(file, spec, sizes))
            for file, spec in (
                (f"{part}-images-idx3-ubyte.gz", Array("uint8", (part, 28, 28))),
                (f"{part}-labels-idx1-ubyte.gz", Array("uint8", (part,), below=10)),
            )
        )
        for part in ("train", "t10k")
    )


def _source(file: str, spec: Array, sizes: dict[str, int]) -> Source[np.ndarray]:
    return Source(file, None, partial(_read_idx, spec=spec, sizes=sizes), "datasets/fashion-mnist")


def _read_idx(path: Path, spec: Array, sizes: dict[str, int]) -> np.ndarray:
    """The array of an IDX file: two zeros, 8 for uint8, the rank, big-endian sizes, the bytes."""
    rank = len(spec.axes)
    try:
        with gzip.open(path) as file:
            magic = file.read(4)
            shape = tuple(int(size) for size in np.frombuffer(file.read(4 * rank), ">u4"))
            if magic != bytes((0, 0, 8, rank)) or len(shape) != rank:
                raise ValueError(f"it is no IDX file of {rank} axes")
            count = math.prod(shape)
            if count > _SIZE:
                raise SafetyError(f"it declares {count:,} bytes")
            data = file.read(count + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"the file is damaged ({error})") from error
    if len(data) != count:
        raise ValueError(f"it declares shape {shape}, but does not store {count:,} bytes")
    return check("it", np.frombuffer(bytearray(data), "uint8").reshape(shape), spec, sizes)
