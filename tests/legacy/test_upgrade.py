"""Programs of older Keras, rewritten in the spelling of Keras 3, which is run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("libcst")

from tricera.legacy.upgrade import command
from tricera.legacy.upgrade.rewrite import rewrite

SOURCE = str(Path(__file__).parents[2] / "src")
PAIRS = {
    # imports
    "from keras.layers.core import Dense, Dropout as D  # why": "from keras.layers import Dense, Dropout as D  # why",
    "from keras.layers.core import Dense\nfrom keras.layers.convolutional import MaxPooling2D": (
        "from keras.layers import Dense, MaxPooling2D"
    ),
    "from keras.layers import (\n    Convolution2D,  # why\n    LSTM,\n)\nConvolution2D(3, 3, bias=a.Convolution2D)": (
        "from keras.layers import (\n    Conv2D,  # why\n    LSTM,\n)\nConv2D(3, 3, use_bias=a.Convolution2D)"
    ),
    "from keras.utils import np_utils\nnp_utils.to_categorical(y)": "from keras import utils\nutils.to_categorical(y)",
    "from keras.utils import np_utils\nutils = 1\nnp_utils.to_categorical(y)": (
        "from keras import utils as np_utils\nutils = 1\nnp_utils.to_categorical(y)"
    ),
    "import keras.layers.core, os\nkeras.layers.core.Dense(3)": "import keras\nimport os\nkeras.layers.Dense(3)",
    "import tensorflow as tf\ntf.keras.layers.Dense(3)": "import keras\nkeras.layers.Dense(3)",
    "import tensorflow as tf\ntf.keras.layers.Dense(tf.abs(3))": (
        "import tensorflow as tf\nimport keras\nkeras.layers.Dense(tf.abs(3))"
    ),
    "from tensorflow import keras\nkeras.Model": "import keras\nkeras.Model",
    "from tensorflow.keras.layers import Dense": "from keras.layers import Dense",
    "import tf_keras\ntf_keras.Model": "import keras\nkeras.Model",
    "from keras.engine.topology import Layer, InputSpec": "from keras.layers import Layer, InputSpec",
    "from keras import backend as K\nK.square(x)": "from keras import ops\nops.square(x)",
    "from keras import backend as K\nK.square(x), K.epsilon()": (
        "from keras import backend as K, ops\nops.square(x), K.epsilon()"
    ),
    "from keras import backend as K\nK.mean(x), K.clip(x, 0, max_value=1), K.argmax(x), K.one_hot(x, 3)": (
        "from keras import ops\nops.mean(x), ops.clip(x, 0, x_max=1), ops.argmax(x, axis=-1), ops.one_hot(x, 3)"
    ),
    "import keras.backend as K\nK.int_shape(a + b)[1], K.ndim(x), K.relu(x, alpha=1), K.dot(x=a, y=b)": (
        "import keras.backend as K\nfrom keras import ops\n"
        "(a + b).shape[1], len(x.shape), K.relu(x, alpha=1), ops.dot(x1=a, x2=b)"
    ),
    "from keras import backend as K\nK.random_normal((2,)), K.set_value(a.b, 1)": (
        "from keras.random import normal\nnormal((2,)), a.b.assign(1)"
    ),
    "from keras.models import Model\nModel(input=a, output=b)": (
        "from keras.models import Model\nModel(inputs=a, outputs=b)"
    ),
    "from keras.utils.np_utils import to_categorical\nto_categorical(y, nb_classes=3)": (
        "from keras.utils import to_categorical\nto_categorical(y, num_classes=3)"
    ),
    "from keras.callbacks import ReduceLROnPlateau, TensorBoard\nReduceLROnPlateau(epsilon=1), TensorBoard('a', "
    "write_grads=True)": (
        "from keras.callbacks import ReduceLROnPlateau, TensorBoard\nReduceLROnPlateau(min_delta=1), TensorBoard('a')"
    ),
    "from keras.layers import BatchNormalization\nBatchNormalization(mode=0, axis=1)": (
        "from keras.layers import BatchNormalization\nBatchNormalization(axis=1)"
    ),
    "from keras.layers.core import *\nDense(output_dim=3)": "from keras.layers import *\nDense(units=3)",
    "def f():\n    from keras import objectives\n    return objectives.mse": (
        "def f():\n    from keras import losses\n    return losses.mse"
    ),
    # classes and their arguments
    "from keras.layers import Dense\nDense(64, init='uniform', W_regularizer=r,\n      bias=False)": (
        "from keras.layers import Dense\nDense(64, kernel_initializer='random_uniform', kernel_regularizer=r,\n"
        "      use_bias=False)"
    ),
    "from keras.layers import Convolution2D\nConvolution2D(n, k[0], k[1], border_mode='same', subsample=(2, 2))": (
        "from keras.layers import Conv2D\nConv2D(n, (k[0], k[1]), padding='same', strides=(2, 2))"
    ),
    "from keras.layers import Conv2D\nConv2D(8, nb_row=3, nb_col=2, dim_ordering='th')": (
        "from keras.layers import Conv2D\nConv2D(8, kernel_size=(3, 2), data_format='channels_first')"
    ),
    "from keras.layers import LSTM\nLSTM(output_dim=3, input_dim=5, input_length=7, consume_less='gpu')": (
        "from keras.layers import LSTM\nLSTM(units=3, input_shape=(7, 5))"
    ),
    "from keras.layers import LSTM\nLSTM(3, forget_bias_init='zero', dropout_U=0.1)": (
        "from keras.layers import LSTM\nLSTM(3, unit_forget_bias=False, recurrent_dropout=0.1)"
    ),
    "from keras.optimizers import SGD\nSGD(lr=0.1, decay=1e-6, momentum=0.9)": (
        "from keras.optimizers import SGD\nfrom keras.optimizers.schedules import InverseTimeDecay\n"
        "SGD(learning_rate=InverseTimeDecay(0.1, 1, 1e-6), momentum=0.9)"
    ),
    "from keras.optimizers import Adam\nAdam(decay=d)": (
        "from keras.optimizers import Adam\nfrom keras.optimizers.schedules import InverseTimeDecay\n"
        "Adam(learning_rate=InverseTimeDecay(0.001, 1, d))"
    ),
    "from keras.optimizers import Adam\nAdam(lr=0.1, decay=0.)": (
        "from keras.optimizers import Adam\nAdam(learning_rate=0.1)"
    ),
    "from keras.regularizers import l1l2\nl1l2(0.1)": "from keras.regularizers import l1_l2\nl1_l2(0.1)",
    "from keras.layers import merge\ny = merge([a, b], mode='concat', concat_axis=1)": (
        "from keras import layers\ny = layers.concatenate([a, b], axis=1)"
    ),
    # methods
    "import keras\nmodel.fit(x, y, nb_epoch=3, show_accuracy=True)": "import keras\nmodel.fit(x, y, epochs=3)",
    "import keras\nmodel.fit(x, nb_epoch=1)\nmodel.compile('sgd', 'mse', ['acc'])": (
        "import keras\nmodel.fit(x, epochs=1)\nmodel.compile('sgd', 'mse', metrics=['acc'])"
    ),
    "import keras\nmodel.fit_generator(g, 10, 2, workers=4)": (
        "import keras\nmodel.fit(g, steps_per_epoch=10, epochs=2)"
    ),
    "import keras\nmodel.fit_generator(i.flow(x, y, batch_size=16), samples_per_epoch=100, nb_epoch=2)": (
        "import keras\nmodel.fit(i.flow(x, y, batch_size=16), steps_per_epoch=7, epochs=2)"
    ),
    "import keras\ng = i.flow(x, y)\nmodel.fit_generator(g, len(x), nb_epoch=2)": (
        "import keras\ng = i.flow(x, y)\nmodel.fit(g, steps_per_epoch=-(-(len(x)) // (32)), epochs=2)"
    ),
    "import keras\nloss = 'binary_crossentropy'\np = model.predict_classes(x)": (
        "import keras\nloss = 'binary_crossentropy'\np = (model.predict(x) > 0.5).astype('int32')"
    ),
    "import keras\nmodel.compile('sgd', loss='mse', metrics=['accuracy'])\nh.history['val_acc']": (
        "import keras\nmodel.compile('sgd', loss='mse', metrics=['accuracy'])\nh.history['val_accuracy']"
    ),
    "import keras\nmodel.compile('sgd', loss='mse', metrics=['acc'])\nh.history['val_acc']": (
        "import keras\nmodel.compile('sgd', loss='mse', metrics=['acc'])\nh.history['val_acc']"
    ),
    "import keras\nmodel.optimizer.lr": "import keras\nmodel.optimizer.learning_rate",
    # what is not of Keras, or is of Keras 3 already
    "from mine.core import Dense\nDense(output_dim=3)": "from mine.core import Dense\nDense(output_dim=3)",
    "import keras\n\n\nkeras.layers.Conv2D( 32, 3,strides = 2 )\n": (
        "import keras\n\n\nkeras.layers.Conv2D( 32, 3,strides = 2 )\n"
    ),
}
LEFT = {
    "from keras.layers import Highway\nx = Highway()": [(2, "keras.layers.Highway: not in Keras 3")],
    "import keras\nmodel.predict_classes(x)": [
        (2, "predict_classes: `predict(x).argmax(axis=-1)`, or `predict(x) > 0.5` of a single output")
    ],
    "import keras\nmodel.fit_generator(mine(), samples_per_epoch=9, nb_epoch=1)": [
        (2, "samples_per_epoch: it counts samples, `steps_per_epoch` counts batches; divide by the size of a batch")
    ],
    "from keras.layers import LSTM\nLSTM(3, batch_input_shape=(2, 3, 4))": [
        (2, "batch_input_shape: begin the model with `keras.Input(batch_shape=...)`")
    ],
    "from keras.layers import merge\nmerge([a, b], mode=f)": [
        (2, "merge: say by which function, such as `keras.layers.concatenate`")
    ],
}


@pytest.mark.parametrize("old", PAIRS)
def test_what_is_a_rename(old):
    new = rewrite(old).source
    assert new == PAIRS[old]
    assert rewrite(new, 3).source == new


@pytest.mark.parametrize("old", LEFT)
def test_what_is_left_to_the_user(old):
    source, left = rewrite(old)
    assert left == LEFT[old] and (source == old or "Highway" not in old)


# ---- whole programs

KERAS_1 = """
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Dropout, Activation, Flatten
from keras.layers.convolutional import Convolution2D, MaxPooling2D
from keras.layers.normalization import BatchNormalization
from keras.regularizers import l2
from keras.constraints import maxnorm
from keras.optimizers import SGD
from keras.utils import np_utils

x = np.random.RandomState(0).rand(8, 6, 6, 1)
y = np_utils.to_categorical([0, 1, 2, 0, 1, 2, 0, 1], 3)
model = Sequential()
model.add(Convolution2D(4, 3, 3, border_mode='same', subsample=(1, 1), dim_ordering='tf', input_shape=(6, 6, 1)))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2), border_mode='valid'))
model.add(BatchNormalization())
model.add(Dropout(p=0.1))
model.add(Flatten())
model.add(Dense(output_dim=3, init='glorot_uniform', W_regularizer=l2(0.01), W_constraint=maxnorm(2)))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer=SGD(lr=0.1, decay=1e-6, momentum=0.9, nesterov=True),
              metrics=['accuracy'])
history = model.fit(x, y, nb_epoch=2, batch_size=4, verbose=0, validation_data=(x, y))
print(len(history.history['val_acc']))
print(model.predict_classes(x, verbose=0).shape, model.predict_proba(x, verbose=0).shape)
"""
KERAS_2 = """
import numpy as np
import tensorflow as tf
from tensorflow.keras.models import Model
from keras.layers import Input, Embedding, LSTM, CuDNNGRU, concatenate
from keras.layers.recurrent import SimpleRNN
from keras.layers.wrappers import Bidirectional
from keras.engine.topology import Layer
from keras import backend as K

class Twice(Layer):
    def call(self, x):
        weights = K.softmax(K.expand_dims(K.mean(x, axis=1)), axis=1)
        shift = K.clip(K.dot(x, K.ones_like(K.permute_dimensions(x[:1], (1, 0)))), 0, max_value=0)
        return K.sqrt(K.square(x)) * 2 + K.concatenate([weights] * K.int_shape(x)[1]) * 0 + shift

def batches():
    while True:
        yield np.zeros((4, 5), 'int32'), np.ones((4, 1))

words = Input(shape=(5,), dtype='int32')
x = Embedding(10, 4)(words)
x = concatenate([Bidirectional(LSTM(3))(x), CuDNNGRU(2)(x), SimpleRNN(2)(x)])
model = Model(inputs=words, outputs=tf.keras.layers.Dense(1, activation='sigmoid')(Twice()(x)))
model.compile(tf.keras.optimizers.Adam(lr=0.01), 'binary_crossentropy', ['acc'])
model.fit_generator(batches(), steps_per_epoch=2, epochs=2, verbose=0, workers=1)
print(len(model.evaluate_generator(batches(), steps=2)), model.predict_generator(batches(), steps=2, verbose=0).shape)
print(model.predict_classes(np.zeros((4, 5), 'int32'), verbose=0).dtype)
"""
SAYS = {KERAS_1: "2\n(8,) (8, 3)\n", KERAS_2: "2 (8, 1)\nint32\n"}


def run(*arguments, folder, code=0):
    environment = {**os.environ, "PYTHONPATH": SOURCE, "KERAS_BACKEND": "jax"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == code, done.stderr
    return done


@pytest.mark.parametrize("program", [KERAS_1, KERAS_2], ids=["1", "2"])
def test_a_rewritten_program_runs_on_both(program, tmp_path, keras):
    (tmp_path / "train.py").write_text(rewrite(program).source)
    here = run("-m", "tricera", "train.py", folder=tmp_path)
    assert here.stdout.splitlines()[-len(SAYS[program].splitlines()) :] == SAYS[program].splitlines()
    assert "old spellings" not in here.stderr and "Keras 3 code" in here.stderr
    assert run("train.py", folder=tmp_path).stdout.endswith(SAYS[program])


def test_the_scripts_of_the_notes_stay_programs(shared):
    for script in sorted((shared / "seed_scripts").glob("0*.py")):
        source = script.read_text("utf-8")
        new = rewrite(source).source
        compile(new, script.name, "exec")
        assert len(new.splitlines()) - len(source.splitlines()) in range(-3, 4), script.name


# ---- the command


def test_the_command_writes_files_and_folders(tmp_path, capsys):
    program = "from keras.layers.core import Dense\r\nx = 'ä'\r\n"
    (tmp_path / "build").mkdir()
    for name in ("one.py", "two.py", "build/three.py"):
        (tmp_path / name).write_text(program, "utf-8", newline="")
    (tmp_path / "broken.py").write_text("def (:\n")
    (tmp_path / "one.py").chmod(0o755)
    assert command.main(["--diff", str(tmp_path / "one.py")]) == 0
    out, err = capsys.readouterr()
    assert "-from keras.layers.core import Dense" in out and "+from keras.layers import Dense" in out and err == ""
    assert command.main([str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.splitlines()[0].startswith(f"{tmp_path / 'broken.py'}: left as it is: line 1: ")
    assert err.splitlines()[-2:] == [f"{tmp_path / 'one.py'}: rewritten", f"{tmp_path / 'two.py'}: rewritten"]
    new = program.replace(".core", "").encode()
    assert [(tmp_path / name).read_bytes() for name in ("one.py", "two.py")] == [new, new]
    assert (tmp_path / "build/three.py").read_text("utf-8") == "from keras.layers.core import Dense\nx = 'ä'\n"
    assert (tmp_path / "one.py").stat().st_mode & 0o777 == 0o755


def test_a_path_that_is_not_there():
    with pytest.raises(SystemExit) as error:
        command.main(["no/such.py"])
    assert str(error.value) == "There is no file or folder 'no/such.py'.\n  expected: Python programs"


def test_without_libcst(tmp_path):
    (tmp_path / "libcst.py").write_text("raise ImportError")
    (tmp_path / "old.py").write_text("import keras\n")
    program = "import sys; sys.path.insert(0, '.'); from tricera.__main__ import main; main(['upgrade', 'old.py'])"
    done = run("-c", program, folder=tmp_path, code=1)
    assert (
        done.stderr == "Rewriting programs needs the library libcst.\n  fix:      `pip install 'tricera[upgrade]'`.\n"
    )
