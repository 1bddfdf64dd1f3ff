"""`tf.io`: files as bytes."""

import glob as _glob
import os
import shutil
from pathlib import Path
from typing import Any

from tricera.legacy.tensorflow import image, tensor

decode_bmp, decode_gif, decode_image = image.decode_bmp, image.decode_gif, image.decode_image
decode_jpeg, decode_png = image.decode_jpeg, image.decode_png


def read_file(filename: Any, name: str | None = None) -> bytes:
    """The bytes of a file."""
    return _path(filename).read_bytes()


def write_file(filename: Any, contents: Any, name: str | None = None) -> None:
    """Put bytes into a file."""
    _path(filename).write_bytes(contents.encode() if isinstance(contents, str) else contents)


def _path(filename: Any) -> Path:
    return Path(os.fsdecode(filename))


class gfile:
    """`tf.io.gfile`: files of this machine."""

    GFile = open
    exists = staticmethod(lambda path: _path(path).exists())
    glob = staticmethod(lambda pattern: sorted(_glob.glob(os.fspath(pattern))))
    isdir = staticmethod(lambda path: _path(path).is_dir())
    listdir = staticmethod(lambda path: sorted(os.listdir(path)))
    makedirs = mkdir = staticmethod(lambda path: _path(path).mkdir(parents=True, exist_ok=True))
    remove = staticmethod(lambda path: _path(path).unlink())
    rmtree = staticmethod(lambda path: shutil.rmtree(path))


__getattr__ = tensor.missing("tensorflow.io", globals())
