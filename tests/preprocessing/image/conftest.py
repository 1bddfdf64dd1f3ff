import contextlib
import io
import sys

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def original():
    """The original: keras-preprocessing, which would import TensorFlow wherever it finds it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "tensorflow", None)
        return pytest.importorskip("keras_preprocessing.image")


@pytest.fixture
def folder(tmp_path):
    """A folder of classes: five cats, four dogs, in pictures of several kinds and sizes."""
    return make_folder(tmp_path / "pets", cats=5, dogs=4)


def make_folder(root, **classes):
    random = np.random.RandomState(7)
    for name, count in classes.items():
        (root / name).mkdir(parents=True)
        for i in range(count):
            height, width = 12 + i, 15 + 2 * i
            picture = Image.fromarray(random.randint(0, 256, (height, width, 3)).astype("uint8"))
            kind = [("RGB", "png"), ("RGB", "jpg"), ("L", "png"), ("RGBA", "png"), ("P", "bmp")][i]
            picture.convert(kind[0]).save(root / name / f"{i}.{kind[1]}")
    return root


@pytest.fixture
def quietly():
    """Call something, and give its result and what it printed."""

    def call(function, *args, **kwargs):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            return function(*args, **kwargs), said.getvalue()

    return call
