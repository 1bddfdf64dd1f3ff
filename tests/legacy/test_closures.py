"""Models of Keras 1 and 2 whose losses and layers hold on to symbolic tensors, and layers written for those Keras."""

import subprocess
import sys

PROGRAM = r"""
import numpy as np
import tricera
tricera.install({generation}, quiet=True)
from keras import backend as K, initializations, objectives
from keras.engine.topology import Layer
from keras.layers import Activation, Deconvolution2D, Dense, Input, Lambda, LSTM, MaxPooling1D, Merge, SimpleRNN, merge
from keras.models import Model, Sequential, model_from_json
{body}
"""
AUTOENCODER = """
x = Input((3,))
mean, log_variance = Dense(2)(x), Dense(2)(x)
def sampling(args):
    mean, log_variance = args
    return mean + K.exp(log_variance / 2) * K.random_normal(shape=(K.shape(mean)[0], 2), mean=0.0, std=0.0)
decoded = Dense(3)(Lambda(sampling, output_shape=(2,))([mean, log_variance]))
divergence = lambda: -0.5 * K.sum(1 + log_variance - K.square(mean) - K.exp(log_variance), axis=-1)
data = np.random.rand(8, 3).astype("float32")
m, v, d = Model(x, [mean, log_variance, decoded]).predict(data, verbose=0)
expected = np.mean(np.mean((data - d) ** 2, -1) - 0.5 * np.sum(1 + v - m**2 - np.exp(v), -1))
"""


def run(body, generation=1):
    program = PROGRAM.format(generation=generation, body=body)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_losses_of_symbolic_tensors():
    run(
        AUTOENCODER
        + r"""
def loss(y, decoded):
    return objectives.mean_squared_error(y, decoded) + divergence()
model = Model(input=x, output=decoded)
model.compile('sgd', loss=loss)
np.testing.assert_allclose(model.evaluate(data, data, verbose=0), expected, rtol=1e-5)
model.fit(data, data, nb_epoch=2, verbose=0)
assert model.evaluate(data, data, verbose=0) < expected

class Losing(Layer):
    def call(self, inputs):
        x, decoded = inputs
        self.add_loss(K.mean(objectives.mean_squared_error(x, decoded) + divergence()), inputs=inputs)
        return x
expected = model.evaluate(data, data, verbose=0)
model = Model(x, Losing()([x, decoded]))
model.compile('sgd', loss=None)
np.testing.assert_allclose(model.evaluate(data, None, verbose=0), expected, rtol=1e-5)

model = Model(x, decoded)
model.add_loss(K.mean(objectives.mean_squared_error(x, decoded) + divergence()))
model.compile('sgd')
np.testing.assert_allclose(model.evaluate(data, verbose=0), expected, rtol=1e-5)
model.fit(data, epochs=1, verbose=0)
assert model.evaluate(data, verbose=0) < expected
"""
    )


def test_random_numbers_differ_from_call_to_call():
    run(
        """
x = Input((3,))
model = Model(x, Lambda(lambda t: t + K.random_normal(K.shape(t)))(x))
first, second = (model.predict(np.zeros((4, 3)), verbose=0) for _ in range(2))
assert first.shape == (4, 3) and not np.allclose(first, second)
f = K.function([x], [K.random_uniform((K.shape(x)[0], 2), low=1.0, high=2.0)])
first, second = (f([np.zeros((5, 3))])[0] for _ in range(2))
assert first.shape == (5, 2) and first.min() >= 1 and not np.allclose(first, second)
"""
    )


def test_layers_of_keras_1_and_2():
    run(
        r"""
class First(Layer):
    def __init__(self, output_dim, init='glorot_uniform', **kwargs):
        self.output_dim, self.init = output_dim, initializations.get(init)
        super(First, self).__init__(**kwargs)
    def build(self, input_shape):
        self.W = self.init((input_shape[1], self.output_dim), name='{}_W'.format(self.name))
        self.b = K.zeros((self.output_dim,))
        self.scale = K.variable(np.full(self.output_dim, 3.0))
        self.trainable_weights = [self.W, self.b]
    def call(self, x, mask=None):
        return K.dot(x, self.W) * self.scale + self.b
    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)

class Second(Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight('kernel', (input_shape[1], 2), initializer='uniform')
        self.steps = self.add_weight('a/b', (2,), 'float32', 'zero', trainable=False)
        super(Second, self).build(input_shape)
    def call(self, x):
        self.add_update([(self.steps, self.steps + 1)], x)
        return K.dot(x, self.kernel)
    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2)

first, second = First(3, input_dim=4), Second()
model = Sequential([first, second])
before = K.get_value(first.scale)
model.compile('sgd', 'mse')
model.fit(np.ones((8, 4)), np.ones((8, 2)), nb_epoch=1, batch_size=4, verbose=0)
assert first.get_output_shape_for((None, 4)) == first.output_shape == first.get_output_shape_at(0) == (None, 3)
assert list(map(id, first.trainable_weights)) == [id(first.W), id(first.b)]
assert (K.get_value(first.scale) == before).all() and K.get_value(second.steps).tolist() == [2.0, 2.0]

rnn = SimpleRNN(2, init=lambda shape, name: initializations.normal(shape, scale=0.001, name=name),
                inner_init=lambda shape, name: initializations.identity(shape, scale=2.0), input_shape=(3, 1))
kernel, recurrent, bias = Sequential([rnn]).get_weights()
assert abs(kernel).max() < 0.01 and recurrent.tolist() == [[2, 0], [0, 2]]

model = Sequential([LSTM(2, stateful=True, batch_input_shape=(2, 3, 1))])
first, second = (model.predict(np.ones((2, 3, 1)), batch_size=2, verbose=0) for _ in range(2))
model.reset_states()
assert model.stateful and not np.allclose(first, second)
np.testing.assert_allclose(model.predict(np.ones((2, 3, 1)), batch_size=2, verbose=0), first)
"""
    )


def test_merge():
    run(
        r"""
left = Sequential([Dense(2, input_dim=3), Activation('relu')])
right = Sequential([Dense(2, input_dim=5)])
model = Sequential()
model.add(Merge([left, right, Dense(2, input_shape=(4,))], mode='concat'))
model.add(Dense(1))
model.compile('sgd', 'mse')
data = [np.random.rand(6, size) for size in (3, 5, 4)]
model.fit(data, np.ones(6), nb_epoch=1, verbose=0)
again = model_from_json(model.to_json())
again.set_weights(model.get_weights())
np.testing.assert_allclose(again.predict(data, verbose=0), model.predict(data, verbose=0), rtol=1e-5)

a, b = Input((2,)), Input((2,))
modes = {'sum': [3, 5], 'mul': [2, 6], 'ave': [1.5, 2.5], 'max': [2, 3], 'concat': [1, 2, 2, 3], 'dot': [8]}
modes = {**modes, 'cos': [8 / 65**0.5], lambda tensors: tensors[0] - tensors[1]: [-1, -1]}
merged = Model(input=[a, b], output=[merge([a, b], mode=mode) for mode in modes])
found = merged.predict([np.array([[1.0, 2.0]]), np.array([[2.0, 3.0]])], verbose=0)
for wanted, got in zip(modes.values(), found):
    np.testing.assert_allclose(got[0], wanted, rtol=1e-6)
try:
    merge([a, b], mode='summ')
except ValueError as error:
    assert str(error) == '''Merge: there is no mode 'summ'.
  expected: sum, mul, concat, ave, max, dot, cos, or a function of the list of tensors
  fix:      did you mean 'sum'?'''
else:
    raise AssertionError
"""
    )


def test_inputs_that_are_computed_and_what_only_symbols_have():
    run(
        r"""
w, p = K.variable(np.ones((1, 4))), K.placeholder((1, 4))
image = Input(tensor=K.concatenate([w, p], axis=0), shape=(None,), name='image')
dense = Dense(2, bias=False)
model = Model(image, dense(image))
assert [layer.name for layer in model.layers] == ['image', dense.name]
outputs, gradient = K.function([p], [model.output, K.gradients(K.sum(model.output), p)[0]])([3 * np.ones((1, 4))])
kernel = K.get_value(dense.kernel)
np.testing.assert_allclose(outputs, [kernel.sum(0), 3 * kernel.sum(0)], rtol=1e-5)
np.testing.assert_allclose(gradient, kernel.sum(1)[None], rtol=1e-5)
assert model.predict(np.ones((5, 4)), verbose=0).shape == (5, 2)
constant = Input(tensor=K.concatenate([w, 2 * w], axis=0))
np.testing.assert_allclose(K.function([], [dense(constant)])([])[0], [kernel.sum(0), 2 * kernel.sum(0)], rtol=1e-5)

x = Input((4, 1))
pooled = MaxPooling1D(2)(x)
where = Lambda(lambda pair: K.gradients(K.sum(pair[1]), pair[0]), output_shape=lambda shapes: shapes[0])([x, pooled])
found = Model(x, where).predict(np.array([[[1.0], [2.0], [4.0], [3.0]]]), verbose=0)
assert found.tolist() == [[[0], [1], [1], [0]]]

stack = Sequential([Dense(3, input_dim=2)])
assert stack(Input((5, 2))).shape == (None, 5, 3)

for arguments in ({'output_shape': (None, 29, 29, 2)}, {}):
    place = () if arguments else ((None, 29, 29, 2),)
    layer = Deconvolution2D(2, 3, 3, *place, subsample=(2, 2), border_mode='valid', **arguments)
    assert layer(Input((14, 14, 1))).shape == (None, 29, 29, 2)
"""
    )


def test_numpy_has_the_names_of_its_time(tmp_path):
    script = tmp_path / "old.py"
    script.write_text("import numpy as np\nfrom keras.layers.core import Dense\nprint(np.zeros(1, np.float).dtype)\n")
    done = subprocess.run([sys.executable, "-m", "tricera", str(script)], capture_output=True, text=True, timeout=100)
    assert done.stdout == "float64\n", done.stderr


def test_functions_take_what_they_took(tmp_path):
    run(
        r"""
from keras import backend, losses, metrics, optimizers, regularizers, utils
from keras.engine import get_source_inputs
from keras.regularizers import l2
from keras.utils.np_utils import probas_to_classes, to_categorical
assert to_categorical(np.array([1, 0]), nb_classes=3).shape == (2, 3) and l2(l=0.3).l2 == 0.3
assert to_categorical([1], 2, dtype='int32').dtype == 'int32' and to_categorical(y=[1]).tolist() == [[0, 1]]
assert type(optimizers.adam(lr=0.5)).__name__ == 'Adam' and type(optimizers.rmsprop()).__name__ == 'RMSprop'
assert regularizers.WeightRegularizer(l1=0.5).l1 == 0.5 and losses.huber_loss is losses.huber
x = Input((2,))
assert get_source_inputs(Dense(1)(x))[0] is x
true, found = np.array([[1.0, 0.0, 1.0, 1.0]]), np.array([[0.9, 0.8, 0.2, 0.7]])
wanted = {'precision': 2 / 3, 'recall': 2 / 3, 'fmeasure': 2 / 3, 'matthews_correlation': -1 / 3}
for name, value in wanted.items():
    np.testing.assert_allclose(getattr(metrics, name)(true, found), value, rtol=1e-5)
assert probas_to_classes(np.array([[0.2], [0.7]])).tolist() == [0, 1]
assert probas_to_classes(np.array([[0.2, 0.8]])).tolist() == [1]
losses = [backend.eval(backend.binary_crossentropy(np.array([0.25]), np.array([1.0])))]
np.testing.assert_allclose(losses, [[-np.log(0.25)]], rtol=1e-5)
image = np.ones((1, 2, 3, 4), 'float32')
assert backend.spatial_2d_padding(image, padding=(1, 2), dim_ordering='th').shape == (1, 2, 5, 8)
assert backend.resize_images(X=image, height_factor=2, width_factor=2, dim_ordering='tf').shape == (1, 4, 6, 4)
assert backend.expand_dims(image).shape == (1, 2, 3, 4, 1) and backend.equal(x=1, y=1)
kernel = np.ones((2, 2, 4, 5), 'float32')
assert backend.conv2d(image, kernel, border_mode='same', dim_ordering='tf', filter_shape=None).shape == (1, 2, 3, 5)
"""
    )
