"""Which Keras a program was written for."""

import pytest

from tricera.legacy.generation import generation

PROGRAMS = {
    "model.fit(x, y, nb_epoch=2)": (1, "nb_epoch"),
    "from keras.layers import Merge": (1, "Merge"),
    "from keras.initializations import normal": (1, "keras.initializations"),
    "model.fit_generator(g, steps_per_epoch=2)": (2, "fit_generator"),
    "import keras\nkeras.optimizers.SGD(lr=0.1)": (2, "lr"),
    "import tensorflow as tf\nmodel = tf.keras.Sequential()": (2, "tf.keras"),
    "from tensorflow.keras.layers import Dense": (2, "tensorflow.keras.layers"),
    "from keras.utils import np_utils": (2, "keras.utils.np_utils"),
    "from __future__ import print_function\nimport keras": (2, "print_function"),
    "from __future__ import annotations\nimport keras": (3, None),
    "from keras import ops\nmodel.fit(x, y, nb_epoch=2)": (3, "keras.ops"),
    "import keras\nmodel.fit(x, y, epochs=2)": (3, None),
    "lr = 0.1\nprint(decay)": (3, None),
    "import networkx as nx\nnx.Graph()": (3, None),
    "from mine.engine import lr": (3, None),
    "def broken(:": (3, None),
}


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_speaks_for_a_generation(program):
    number, reason = generation(program)
    assert (number, reason and reason.what) == PROGRAMS[program]


def test_the_line_is_told():
    _, reason = generation("import keras\n\nmodel.fit(x, y, nb_epoch=2)")
    assert reason.line == 3
