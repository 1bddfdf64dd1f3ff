"""Writes models with tf_keras, and what they compute: `python tf_keras_writes.py FOLDER`, run by `test_tf_keras.py`.

For each row of MODELS: `NAME.h5`, `NAME.keras`, `NAME.json`, and `NAME.npz` with inputs and outputs. For each row of
OPTIMIZERS: `NAME.h5` after two steps, and the weights that a third step leads to.
"""

import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np
import old_models
import own_classes
import tensorflow as tf
import tf_keras as keras
from tf_keras import layers as L


def tensor_ops():
    a, b = keras.Input((4,)), keras.Input((4,))
    x = tf.concat([a * 2.0 + b, 1.0 - a, tf.nn.relu(b) / 3.0], axis=-1)
    x = tf.reshape(tf.transpose(tf.expand_dims(x, 1), [0, 2, 1]), [-1, 3, 4])
    y = tf.reduce_mean(tf.square(x), axis=1, keepdims=True)
    y -= tf.cast(tf.reduce_max(x, axis=[1, 2], keepdims=True), "float32")
    z = tf.sqrt(tf.abs(x[:, 1:, ::2])) + tf.math.log(tf.exp(x[:, :2, 1:3]) + 1.0)
    w = tf.clip_by_value(tf.stack([z[:, 0], z[:, 1]], axis=1), -1.0, 1.0)
    v = tf.matmul(w, z, transpose_b=True) + tf.tile(y, [1, 2, 1])[:, :, :2]
    u = tf.maximum(tf.nn.softmax(v), tf.minimum(tf.sigmoid(v), tf.tanh(v))) ** 2.0
    return keras.Model([a, b], [u, -y, tf.where(x > 0.0, x, 0.0), tf.pad(w, [[0, 0], [1, 0], [0, 1]])])


MODELS = {**old_models.models(keras), "tensor_ops": tensor_ops}
OLD = keras.optimizers.legacy
OPTIMIZERS = {
    **old_models.optimizers(keras),
    "old_sgd": lambda: OLD.SGD(0.1, momentum=0.9, nesterov=True, decay=0.1),
    "old_adam": lambda: OLD.Adam(0.01, decay=0.1),
    "old_amsgrad": lambda: OLD.Adam(0.01, amsgrad=True),
    "old_adamax": lambda: OLD.Adamax(0.01),
    "old_nadam": lambda: OLD.Nadam(0.01),
    "old_rmsprop": lambda: OLD.RMSprop(0.01, epsilon=0.01),
    "old_rmsprop_momentum": lambda: OLD.RMSprop(0.01, epsilon=0.01, momentum=0.5, centered=True),
    "old_adagrad": lambda: OLD.Adagrad(0.1, epsilon=0.01),
    "old_adadelta": lambda: OLD.Adadelta(0.5),
    "old_ftrl": lambda: OLD.Ftrl(0.1),
}


def given(rng, shape, dtype):
    """What a model is given: numbers, or whole numbers of which some are 0."""
    if dtype.is_integer:
        return rng.integers(0, 5, (2, *shape)).astype(dtype.as_numpy_dtype)
    return rng.normal(size=(2, *shape)).astype("float32")


def spread(model, rng):
    """Give every weight a value of its own."""
    model.set_weights([rng.uniform(0.2, 0.8, w.shape).astype(w.dtype) for w in model.get_weights()])


def write_models(folder, rng):
    for name, make in MODELS.items():
        model = make()
        spread(model, rng)
        inputs = [given(rng, x.shape[1:], x.dtype) for x in model.inputs]
        outputs = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        outputs = outputs if isinstance(outputs, list | tuple) else [outputs]
        arrays = {f"input{i}": x for i, x in enumerate(inputs)}
        np.savez(folder / f"{name}.npz", **arrays, **{f"output{i}": np.array(y) for i, y in enumerate(outputs)})
        model.save(folder / f"{name}.h5")
        model.save_weights(folder / f"{name}_weights.h5")
        model.save(folder / f"{name}.keras")
        (folder / f"{name}.json").write_text(model.to_json())


def write_optimizers(folder, rng):
    x, y = rng.normal(size=(3, 8, 4)).astype("float32"), rng.normal(size=(3, 8, 2)).astype("float32")
    np.savez(folder / "data.npz", x=x, y=y)
    for name, make in OPTIMIZERS.items():
        model = keras.Sequential([L.Dense(3, activation="tanh", input_shape=(4,)), L.BatchNormalization(), L.Dense(2)])
        spread(model, rng)
        model.compile(make(), "mse", metrics=["mae"], run_eagerly=True)
        for i in range(2):
            model.train_on_batch(x[i], y[i])
        model.save(folder / f"{name}.h5")
        model.save(folder / f"{name}.keras")
        model.train_on_batch(x[2], y[2])
        np.savez(folder / f"{name}.npz", *model.get_weights())


def write_own(folder, rng):
    folder.mkdir()
    model, x = own_classes.net(keras), rng.normal(size=(2, 4)).astype("float32")
    model(x)
    spread(model, rng)
    model.save(folder / "net.keras")
    model.save_weights(folder / "net.weights.h5")
    np.savez(folder / "net.npz", x, *model(x, training=False))


if __name__ == "__main__":
    generator = np.random.default_rng(0)
    target = Path(sys.argv[1])
    write_models(target, generator)
    write_optimizers(target, generator)
    write_own(target / "own", generator)
