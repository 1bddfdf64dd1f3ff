"""Names, arguments and methods of Keras 1 and 2, on Tricera's own classes: in one process, since they stay."""

import subprocess
import sys

import pytest

PROGRAM = r"""
import numpy as np
import tricera
tricera.install({generation})
from keras import constraints, initializers, layers, models, objectives, optimizers, regularizers, utils
from keras.layers import (AtrousConvolution2D, Convolution2D, CuDNNLSTM, Dense, Dropout, Embedding, Flatten, GRU,
                          Highway, LSTM, LocallyConnected2D, MaxPooling2D, MaxoutDense, Recurrent, ThresholdedReLU)
from keras.utils import np_utils
{body}
"""


def run(body, generation=1):
    program = PROGRAM.format(generation=generation, body=body)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_keras_1():
    run(r"""
assert np_utils.to_categorical is utils.to_categorical and objectives is tricera.losses
conv = Convolution2D(4, 3, 5, border_mode='same', subsample=(2, 1), init='uniform', input_shape=(8, 8, 1))
assert (conv.kernel_size, conv.padding, conv.strides) == ((3, 5), 'same', (2, 1))
assert type(conv.kernel_initializer).__name__ == 'RandomUniform'
assert Convolution2D(4, nb_row=3, nb_col=2, dim_ordering='th').data_format == 'channels_first'
assert AtrousConvolution2D(4, 3, 3, atrous_rate=(2, 2)).dilation_rate == (2, 2)
assert LSTM(output_dim=3, inner_activation='hard_sigmoid', dropout_U=0.5, consume_less='gpu').recurrent_dropout == 0.5
assert Embedding(10, 4, 7)._given_shape == {'input_length': 7} and Dropout(p=0.3).rate == 0.3
assert Recurrent(return_sequences=True).return_sequences
dense = Dense(output_dim=3, W_regularizer=regularizers.l1l2(0.1, 0.2), W_constraint=constraints.maxnorm(m=2),
              bias=False)
assert (dense.kernel_regularizer.l1, dense.kernel_constraint.max_value, dense.use_bias) == (0.1, 2, False)
sgd = optimizers.SGD(lr=0.5, decay=0.1)
assert np.isclose(float(sgd.learning_rate), 0.5)
assert optimizers.Adam(lr=0.001, epsilon=None).epsilon == 1e-8  # None was the default's name

model = models.Sequential([conv, MaxPooling2D(pool_size=(2, 2)), Flatten(), MaxoutDense(4, nb_feature=2), Highway(),
                           Dense(output_dim=3, activation='softmax')])
model.compile(sgd, 'categorical_crossentropy', metrics=['accuracy'], class_mode='categorical')
x, y = np.ones((8, 8, 8, 1)), np.eye(3)[[0, 1, 2, 0, 1, 2, 0, 0]]
assert len(model.fit(x, y, nb_epoch=2, verbose=0, show_accuracy=True).history['loss']) == 2

def batches():
    while True:
        yield x[:4], y[:4]

history = model.fit_generator(batches(), samples_per_epoch=8, nb_epoch=3, verbose=0, nb_worker=1, max_q_size=2,
                              validation_data=batches(), nb_val_samples=4).history
assert len(history['val_loss']) == 3
assert np.isclose(float(sgd.learning_rate), 0.5)
assert np.isclose(float(sgd._get_current_learning_rate()), 0.5 / (1 + 0.1 * 8))
assert len(model.evaluate_generator(batches(), val_samples=8)) == 2
assert model.predict_generator(batches(), 8).shape == (8, 3)
assert model.predict_classes(x).shape == (8,) and model.predict_proba(x).shape == (8, 3)
assert type(Convolution2D(4, 3, 3)) is tricera.layers.Conv2D
""")


def test_lists_of_one_tensor_are_the_tensor():
    run("""
x = layers.Input(shape=(2,))
model = models.Model([x], [Dense(1)(x)])
model.compile('sgd', 'mse')
assert model.predict(np.ones((4, 2)), verbose=0).shape == (4, 1)
assert model.output_shape == (None, 1) and model.input_shape == (None, 2)
assert Dense(3)(model(x)).shape == (None, 3) and Dense(3)(model.output).shape == (None, 3)
""")


def test_keras_3_takes_the_third_number_for_the_strides():
    run(
        "assert layers.Conv2D(32, 3, 2).strides == (2, 2) and layers.Conv2D(32, 3, 2).kernel_size == (3, 3)",
        generation=3,
    )


@pytest.mark.parametrize("wrong, fix", [("Dense(3, use_base=False)", "use_bias"), ("layers.Droupout(0.5)", "Dropout")])
def test_slips_are_still_told(wrong, fix):
    out = run(f"""
try:
    {wrong}
except Exception as error:
    print(error)
""")
    assert f"did you mean {fix!r}?" in out


GAN = r"""
critic = models.Sequential([Dense(1, input_shape=(2,))])
critic.compile('sgd', 'mse')
maker = models.Sequential([Dense(2, input_shape=(3,))])
critic.trainable = False
both = models.Sequential([maker, critic])
both.compile('sgd', 'mse', ['mae'])
assert len(both.evaluate(np.ones((4, 3)), np.ones((4, 1)), verbose=0)) == 2 and not critic.trainable

def moved(train):
    before = [w.copy() for w in critic.get_weights() + maker.get_weights()]
    train()
    after = critic.get_weights() + maker.get_weights()
    return ''.join('10'[bool((old == new).all())] for old, new in zip(before, after))

z, x, y = np.ones((4, 3)), np.ones((4, 2)), 5 * np.ones((4, 1))
ways = [lambda: both.train_on_batch(z, y), lambda: critic.train_on_batch(x, y),
        lambda: both.fit(z, y, verbose=0), lambda: critic.fit(x, y, verbose=0)]
print(*map(moved, ways))
critic.trainable = True
print(*map(moved, ways[:2]))
both.compile('sgd', 'mse')
print(*map(moved, ways[:2]))
"""


@pytest.mark.parametrize("generation", [1, 2])
def test_what_was_trainable_at_compile_is_trained(generation):
    """As tf.keras 2 does; weights of the critic, then of the maker."""
    assert run(GAN, generation).splitlines() == ["0011 1100 0011 1100", "0011 1100", "1111 1100"]


def test_the_version_is_the_generation_s():
    body = "import keras\nprint(keras.__version__, keras.version(), tricera.__version__ is keras.__version__)"
    assert [run(body, number) for number in (1, 2, 3)] == [
        f"{version} 3.15.1 True\n" for version in ("1.2.2", "2.3.1", "3.15.1")
    ]


def test_defaults_of_methods():
    out = run(r"""
model = models.Sequential([Dense(1, input_shape=(2,))])
model.compile('sgd', 'mse')
x, y = np.ones((4, 2)), np.ones((4, 1))
print(len(model.fit(x, y, verbose=0).history['loss']), len(model.fit(x, y, 32, 2, verbose=0).history['loss']))
model.predict(x)
""")
    assert out == "10 2\n"


PATIENCE = r"""
from keras.callbacks import EarlyStopping, ReduceLROnPlateau
model = models.Sequential([Dense(1, input_shape=(2,))])
model.compile('sgd', 'mse')
for kind in (EarlyStopping, ReduceLROnPlateau):
    found = []
    for patience in (0, 1, 2):
        callback = kind(monitor='loss', patience=patience)
        callback.set_model(model)
        model.stop_training = False
        callback.on_train_begin()
        model.optimizer.learning_rate = 1.0
        for epoch, loss in enumerate([2.0] + 7 * [3.0]):
            callback.on_epoch_end(epoch, {'loss': loss})
            if model.stop_training:
                break
        found.append(epoch if kind is EarlyStopping else round(-np.log10(float(model.optimizer.learning_rate))))
    print(*found)
"""


def test_patience_of_keras_1_lasts_an_epoch_longer():
    """Epochs until the stop, then how often the rate was lowered in seven bad epochs: as Keras 1.2.2 and 2.3.1 do."""
    assert [run(PATIENCE, number) for number in (1, 2)] == ["1 2 3\n7 6 3\n", "1 1 2\n7 7 3\n"]
