"""What programs of Keras 1 and 2 saw of training: steps as graphs, optimizers of their own, tensors, functions."""

import pytest

from tests.legacy.test_habits import run

STEPS = r"""
from keras import backend as K
from keras.layers import Input
from keras.models import Model, Sequential
from keras.legacy import interfaces

x, y = np.random.RandomState(0).rand(16, 4), np.random.RandomState(1).rand(16, 1)
first = [0.1 * np.ones((4, 1)), np.zeros(1)]

class Momentum(optimizers.Optimizer):
    def __init__(self, lr=0.05, momentum=0.9, **kwargs):
        super(Momentum, self).__init__(**kwargs)
        self.iterations = K.variable(0, dtype='int64')
        self.lr, self.momentum = K.variable(lr, name='lr'), K.variable(momentum)
    @interfaces.legacy_get_updates_support
    def get_updates(self, {order}):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        moments = [K.zeros(K.int_shape(p)) for p in params]
        self.weights = [self.iterations] + moments
        for p, g, m in zip(params, grads, moments):
            v = self.momentum * m - self.lr * g
            self.updates += [K.update(m, v), (p, p + v)]
        return self.updates
    def get_config(self):
        return {{**super(Momentum, self).get_config(), 'lr': float(K.get_value(self.lr))}}

def model():
    made = Sequential([Dense(1, input_dim=4)])
    made.set_weights(first)
    return made

def by_fit(optimizer):
    made = model()
    made.compile(optimizer, 'mse')
    made.fit(x, y, epochs=3, batch_size=16, verbose=0)
    return made.get_weights()

def by_hand(optimizer):
    made, target = model(), K.placeholder((None, 1))
    loss = K.mean(K.square(target - made.output))
    told = dict(loss=loss, params=made.trainable_weights)
    step = K.function([made.input, target], [loss], updates=optimizer.get_updates(**told{more}))
    for _ in range(3):
        step([x, y])
    return made.get_weights()

makers = [lambda: optimizers.SGD(0.05, momentum=0.9), lambda: optimizers.Adam(lr=0.01, decay=0.1, clipnorm=0.5),
          Momentum, lambda: Momentum(clipvalue=0.01)]
for make in makers:
    for found, wanted in zip(by_hand(make()), by_fit(make())):
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=1e-7)
for found, wanted in zip(by_fit(Momentum()), by_fit(makers[0]())):
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
mine = Momentum()
by_fit(mine)
assert int(mine.iterations) == 3 and len(mine.get_weights()) == 3 and sorted(mine.get_config()) == ['lr']
mine.set_weights(mine.get_weights())
try:
    mine.get_gradients(K.sum(K.placeholder((2,))), model().trainable_weights)
except ValueError as error:
    assert str(error).splitlines()[0] == 'An operation has `None` for gradient.'

decayed = optimizers.SGD(0.1, 0.0, 0.5)
assert K.get_value(decayed.lr) == np.float32(0.1) and decayed.decay == 0.5 and decayed.get_config()['decay'] == 0.5
by_fit(decayed)
assert K.get_value(decayed.lr) == np.float32(0.1)
K.set_value(decayed.lr, 0.2)
decayed.lr = 2 * decayed.lr
assert np.isclose(K.get_value(decayed.learning_rate), 0.4) and np.isclose(decayed.get_config()['lr'], 0.4)
assert np.isclose(float(decayed._get_current_learning_rate()), 0.4 / 2.5)
assert type(optimizers.Nadam(0.002, 0.9, 0.999, None, 0.01)).__name__ == 'NadamV2'
assert optimizers.RMSprop(0.01, 0.8, 1e-3).epsilon == 1e-3
"""


@pytest.mark.parametrize(
    "generation, order, more",
    [(1, "params, constraints, loss", ", constraints={}"), (2, "loss, params", "")],
    ids=["1", "2"],
)
def test_steps_by_hand_and_optimizers_of_users_are_those_of_fit(generation, order, more):
    run(STEPS.format(order=order, more=more), generation)


def test_tensors_and_functions_of_a_model():
    run(
        r"""
from keras import backend as K
from keras.callbacks import Callback
from keras.layers import Input
from keras.models import Model, Sequential
x, y = np.random.RandomState(0).rand(8, 4), np.random.RandomState(1).rand(8, 1)
made = Sequential([Dense(1, input_dim=4, W_regularizer=regularizers.l2(0.1))])
made.compile('sgd', 'mse', metrics=['mae'])
assert made.metrics_names == ['loss', 'mae']
weights, (loss, _) = np.ones(8), made.evaluate(x, y, verbose=0)
inputs = [made.inputs[0], made.sample_weights[0], made.targets[0], K.learning_phase()]
gradients = made.optimizer.get_gradients(made.total_loss, made.trainable_weights)
found = K.function(inputs, [made.total_loss, *gradients])([x, weights, y, 0])
before = made.get_weights()
np.testing.assert_allclose(found[0], loss, rtol=1e-5)
made._make_train_function()
np.testing.assert_allclose(made.train_function([x, y, weights, 1.0])[0], loss, rtol=1e-5)
for old, gradient, new in zip(before, found[1:], made.get_weights()):
    np.testing.assert_allclose(new, old - 0.01 * gradient, rtol=1e-4, atol=1e-6)
assert len(made.test_function([x, y, weights])) == 2 and made.predict_function([x])[0].shape == (8, 1)

def weighing(factor):
    i = Input((4,))
    o = Dense(1, kernel_initializer='ones')(i)
    made = Model(i, o)
    made.add_loss(factor * K.mean(o))
    made.metrics_tensors.append(K.max(o))
    made.metrics_names.append('largest')
    made.compile('sgd', None)
    return made

one, two = weighing(1.0), weighing(2.0)
assert np.isclose(2 * one.evaluate(x, verbose=0)[0], two.evaluate(x, verbose=0)[0])
one(x)
history = one.fit(x, verbose=0, epochs=1).history
assert np.isclose(history['largest'], x.sum(1).max()) and len(history['loss']) == 1

class Told(Callback):
    def on_epoch_end(self, epoch, logs=None):
        assert [len(a) for a in self.validation_data] == [8, 8, 8] and self.model.validation_data is not None
        assert self.params['nb_epoch'] == 1 and self.params['samples'] == 8 and 'val_loss' in self.params['metrics']

made.fit(x, y, nb_epoch=1, verbose=0, callbacks=[Told()], validation_data=(x, y))
session = K.get_session()
with session.as_default():
    p = K.placeholder((None, 2))
    found = session.run({'a': 2 * p, 'b': [K.variable(3.0), None]}, {p: np.ones((1, 2))})
assert found['a'].tolist() == [[2, 2]] and found['b'][0] == 3 and found['b'][1] is None
""",
        1,
    )


CONTAINERS = r"""
import keras, h5py
from keras import backend as K
from keras.engine import topology
from keras.engine.training import _slice_arrays, slice_X
from keras.layers import Input
from keras.legacy.models import Graph
from keras.models import Model, Sequential, model_from_config, model_from_yaml
from keras.utils.conv_utils import conv_output_length, deconv_length, normalize_tuple
from keras.utils.generic_utils import has_arg, to_list
from keras.utils.io_utils import HDF5Matrix
from keras.utils.layer_utils import convert_all_kernels_in_model, print_summary
from keras.utils.test_utils import get_test_data, keras_test, layer_test

x, y = np.random.RandomState(0).rand(8, 4), np.random.RandomState(1).rand(8, 2)
graph = Graph()
graph.add_input('a', input_shape=(4,))
graph.add_input('b', input_shape=(3,))
graph.add_node(Dense(3), 'd1', input='a')
graph.add_node(Dense(2), 'd2', inputs=['d1', 'b'], create_output=True)
graph.add_shared_node(Dense(2), 'both', inputs=['d1', 'b'], merge_mode='sum')
graph.add_output('o', inputs=['d2', 'both'], merge_mode='sum')
graph.compile('sgd', {'o': 'mse', 'd2': 'mae'})
data = {'a': x, 'b': x[:, :3], 'o': y, 'd2': y}
assert len(graph.fit(data, nb_epoch=2, verbose=0, validation_split=0.25).history['val_loss']) == 2
found = graph.predict(data)
assert sorted(found) == ['d2', 'o'] and found['o'].shape == (8, 2) and len(graph.evaluate(data)) == 3
graph.fit_generator(iter([data] * 4), 16, 1, verbose=0)
for wrong, text in ((lambda: graph.add_node(Dense(1), 'd1', input='a'), "there is a node 'd1' already."),
                    (lambda: graph.add_node(Dense(1), 'e', input='dd1'), "there is no node 'dd1'."),
                    (lambda: graph.predict({'a': x}), "the data have no array 'b'.")):
    try:
        wrong()
    except ValueError as error:
        assert str(error).splitlines()[0] == f'Graph: {text}', error

with h5py.File('data.h5', 'w') as file:
    file['x'], file['y'] = x, y
rows, targets = HDF5Matrix('data.h5', 'x', 1, 7), HDF5Matrix('data.h5', 'y', 1, 7, normalizer=lambda v: 2 * v)
assert rows.shape == (6, 4) and (rows[[3, 0, 3]] == x[[4, 1, 4]]).all() and (targets[1:3] == 2 * y[2:4]).all()
assert (rows[2] == x[3]).all() and (rows[np.array([False] * 5 + [True])] == x[6:7]).all()
model = Sequential([Dense(3, input_dim=4), Dense(2)])
model.compile('sgd', 'mse')
model.fit(rows, targets, nb_epoch=1, shuffle='batch', batch_size=2, verbose=0)
again = model_from_config(dict(class_name='Sequential', config=model.get_config()))
with h5py.File('w.h5', 'w') as file:
    model.save_weights_to_hdf5_group(file.create_group('w'))
with h5py.File('w.h5', 'r') as file:
    again.load_weights_from_hdf5_group(file['w'])
np.testing.assert_allclose(again.predict(x), model.predict(x), rtol=1e-6)
with h5py.File('w.h5', 'r') as file:
    keras.engine.saving.load_weights_from_hdf5_group_by_name(file['w'], model.layers)
try:
    text = model.to_yaml()
except ImportError as error:
    assert str(error) == "YAML is read and written by the package `pyyaml`.\n  fix:      `pip install pyyaml`."
else:
    assert model_from_yaml(text).get_config() == model.get_config()

first, node = model.layers[0], model.layers[1].inbound_nodes[0]
assert first.W is first.kernel and first.output_dim == 3 and first.batch_input_shape == (None, 4)
assert node.inbound_layers == [first] and node.input_shapes == [(None, 3)] and node.get_config()['node_indices'] == [0]
assert first.W.get_value().shape == (4, 3) and model.output.get_shape().as_list() == [None, 2]
first.W.set_value(np.zeros((4, 3)))
assert not first.W.eval().any() and model.output._keras_shape == (None, 2)
conv = Sequential([Convolution2D(1, 2, 3, input_shape=(4, 4, 1))])
kernel = conv.get_weights()[0]
convert_all_kernels_in_model(conv)
assert (conv.get_weights()[0] == kernel[::-1, ::-1]).all()
(a, b), _ = get_test_data(nb_train=4, nb_test=2, nb_class=2)
assert a.shape == (4, 10) and layer_test(Dense, {'units': 3}, input_shape=(2, 5)).shape == (2, 3)
assert has_arg(layer_test, 'kwargs') and to_list(3) == [3] and slice_X([a, b], 1, 3)[0].shape == (2, 10)
assert conv_output_length(7, 3, 'valid', 2) == 3 and deconv_length(3, 2, 3, 'valid') == 7
assert normalize_tuple(2, 3, 'n') == (2, 2, 2)
local = K.local_conv1d(np.ones((2, 5, 3), 'f'), np.ones((4, 6, 2), 'f'), (2,), (1,))
assert local.shape == (2, 4, 2) and (np.array(local) == 6).all()
local = K.local_conv2d(np.ones((2, 5, 4, 3), 'f'), np.ones((4, 12, 2), 'f'), (2, 2), (3, 2), (2, 2))
assert local.shape == (2, 2, 2, 2) and (np.array(local) == 12).all()

def starting(shape, name=None):
    return K.variable(np.full(shape, 0.5), name=name)

made = Sequential([Dense(2, input_dim=1, kernel_initializer=starting)])
assert made.get_weights()[0].tolist() == [[0.5, 0.5]]
"""


def test_containers_of_their_time(tmp_path):
    run(f"import os; os.chdir({str(tmp_path)!r})\n{CONTAINERS}", 1)
