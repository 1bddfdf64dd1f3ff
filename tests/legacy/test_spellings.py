"""What is told when a program ends: the old spellings that it used, each once, with today's."""

import os
import subprocess
import sys
from pathlib import Path

SOURCE = str(Path(__file__).parents[2] / "src")
TITLE = "tricera: old spellings, and what they are called today (`python -m tricera upgrade FILE` writes that):\n"
PROGRAM = """
from keras.layers.core import Dense, Flatten
from keras.layers import Convolution2D, CuDNNLSTM
from keras.engine.topology import Layer
from keras import objectives, backend as K
from keras.optimizers import SGD
import numpy as np
model = keras.models.Sequential([
    Convolution2D(2, 3, 3, border_mode='same', input_shape=(4, 4, 1)), Convolution2D(2, 3, 3, border_mode='same'),
    Flatten(), Dense(3, init='uniform', activation='softmax')])
model.compile(SGD(lr=0.1, decay=1e-6), 'categorical_crossentropy')
model.fit(np.zeros((4, 4, 4, 1)), np.eye(3)[[0, 1, 2, 0]], nb_epoch=1, verbose=0, show_accuracy=False)
model.predict_classes(np.zeros((4, 4, 4, 1)))
K.square(K.square(3.0))
SGD.from_config({'lr': 0.5})
"""
TABLE = """\
  train.py:2   keras.layers.core       -> keras.layers
  train.py:3   keras.layers.CuDNNLSTM  -> keras.layers.LSTM
  train.py:4   keras.engine.Layer      -> keras.layers.Layer
  train.py:5   keras.objectives        -> keras.losses
  train.py:9   Conv2D(2, 3, 3)         -> Conv2D(2, (3, 3))                    2 times
  train.py:9   border_mode=            -> padding=                             2 times
  train.py:10  init=                   -> kernel_initializer=
  train.py:11  lr=                     -> learning_rate=
  train.py:11  decay=                  -> learning_rate=InverseTimeDecay(...)
  train.py:12  nb_epoch=               -> epochs=
  train.py:12  show_accuracy=          -> (says nothing today)
  train.py:13  .predict_classes()      -> .predict()
  train.py:14  keras.backend.square    -> keras.ops.square                     2 times
"""


def errors_of(folder, *arguments):
    """What a process of Python in the folder prints to its errors."""
    environment = {**os.environ, "PYTHONPATH": SOURCE}
    command = [sys.executable, *arguments]
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100)
    assert run.returncode == 0, run.stderr
    return run.stderr


def test_a_script(tmp_path):
    (tmp_path / "train.py").write_text(f"import keras{PROGRAM}")
    arguments = ("-m", "tricera", "--keras", "1", "train.py")
    assert errors_of(tmp_path, *arguments) == f"tricera: Keras 1 code\n{TITLE}{TABLE}"
    assert errors_of(tmp_path, *arguments[:2], "--quiet", *arguments[2:]) == ""


def test_install(tmp_path):
    program = (
        "import tricera; tricera.install({}); from keras.utils import np_utils; from keras.layers.core import Dense"
    )
    rows = "  line 1  keras.utils.np_utils  -> keras.utils\n  line 1  keras.layers.core     -> keras.layers\n"
    assert errors_of(tmp_path, "-c", program.format("")) == TITLE + rows
    assert errors_of(tmp_path, "-c", program.format("quiet=True")) == ""


def test_a_program_of_today_has_no_summary(tmp_path):
    program = "import tricera; tricera.install(); from keras.layers import Dense; Dense(3); print(hasattr(Dense, 'x'))"
    assert errors_of(tmp_path, "-c", program) == ""
