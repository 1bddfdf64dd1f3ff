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
import own_classes
import tensorflow as tf
import tf_keras as keras
from tf_keras import layers as L

SEQUENCE, IMAGE, VECTOR, VOLUME = (5, 3), (6, 5, 3), (4,), (4, 5, 4, 2)


def stack(*stages, shape):
    return keras.Sequential([keras.Input(shape), *stages])


def graph(shape, *functions):
    x = source = keras.Input(shape)
    for function in functions:
        x = function(x)
    return keras.Model(source, x)


def branches():
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = L.Dense(4, activation="relu", name="shared")
    x, y = shared(a), shared(b)
    both = [L.Add()([x, y]), L.Multiply()([x, y]), L.Subtract()([x, y]), L.Maximum()([x, y]), L.Average()([x, y])]
    joined = L.Concatenate()([*both, L.Minimum()([x, y]), L.Dot(axes=1, normalize=True)([x, y])])
    return keras.Model([a, b], [L.Dense(2, name="out")(joined), shared(x)])


def nested():
    inner = stack(L.Conv2D(3, 2), L.BatchNormalization(), L.Conv2D(2, 2), shape=IMAGE)
    inner.trainable = False
    source = keras.Input((4,))
    outer = keras.Model(source, L.Dense(3)(L.Dense(5, activation="tanh")(source)), name="core")
    a, b = keras.Input(IMAGE), keras.Input((4,))
    x = L.Concatenate()([L.Flatten()(inner(a)), outer(b), outer(b[:, ::-1])])
    return keras.Model([a, b], L.Dense(2)(x))


def deeper():
    inner = keras.Sequential([L.Dense(4), L.BatchNormalization(), L.Dense(3)])
    middle = keras.Sequential([L.Dense(5), inner])
    return stack(middle, L.LayerNormalization(), L.Dense(2, activation="softmax"), shape=VECTOR)


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


def states():
    a = keras.Input(SEQUENCE)
    outputs, h, c = L.LSTM(4, return_state=True, return_sequences=True)(a)
    x = L.LSTM(4)(outputs, initial_state=[h, c])
    forward = L.Bidirectional(L.GRU(2, return_sequences=True), merge_mode="sum")(a)
    attended = L.Attention()([forward, forward])
    heads = L.MultiHeadAttention(2, 3)(forward, value=attended)
    return keras.Model(a, [x, heads])


def cells():
    two = [L.LSTMCell(3, recurrent_activation="hard_sigmoid"), L.GRUCell(2, reset_after=False)]
    return stack(L.RNN(two, return_sequences=True), L.RNN(L.SimpleRNNCell(3)), shape=SEQUENCE)


def convolutions(channels, **how):
    return lambda: graph(
        IMAGE,
        L.Conv2D(4, 2, activation="relu", **how),
        L.ZeroPadding2D(1, **how),
        L.DepthwiseConv2D(2, depth_multiplier=2, **how),
        L.SeparableConv2D(3, 2, padding="same", **how),
        L.Conv2DTranspose(3, 2, strides=2, **how),
        L.BatchNormalization(axis=channels),
        L.PReLU(shared_axes=[2, 3] if channels == 1 else [1, 2]),
        L.MaxPooling2D(2, padding="same", **how),
        L.UpSampling2D(2, **how),
        L.AveragePooling2D(2, **how),
        L.Cropping2D(1, **how),
        L.Flatten(**how),
    )


def local(**how):
    return lambda: stack(L.LocallyConnected2D(3, 2, strides=(1, 2), bias_initializer="normal", **how), shape=IMAGE)


MODELS = {
    "dense": lambda: stack(
        L.Dense(6, activation="selu"), L.ELU(0.5), L.LeakyReLU(0.2), L.ThresholdedReLU(0.1), L.ReLU(2.0),
        L.Dropout(0.5), L.GaussianNoise(0.1), L.ActivityRegularization(0.1), L.Dense(4, "hard_sigmoid"),
        L.Dense(3, activation="swish"), L.Activation("gelu"), L.Softmax(), L.RepeatVector(2), L.Permute((2, 1)),
        L.Reshape((6,)), L.UnitNormalization(),
        shape=VECTOR,
    ),
    "images": convolutions(3),
    "images_first": convolutions(1, data_format="channels_first"),
    "volumes": lambda: stack(
        L.Conv3D(3, 2), L.BatchNormalization(), L.MaxPooling3D(2, padding="same"), L.UpSampling3D(2),
        L.ZeroPadding3D(1),
        L.Cropping3D(1), L.Conv3DTranspose(2, 2), L.AveragePooling3D(2), L.GlobalMaxPooling3D(), shape=VOLUME,
    ),
    "sequences": lambda: stack(
        L.Conv1D(4, 2, padding="causal"), L.ZeroPadding1D(1), L.SeparableConv1D(3, 2), L.UpSampling1D(2),
        L.Cropping1D(1),
        L.Conv1DTranspose(3, 2), L.MaxPooling1D(2, padding="same"), L.AveragePooling1D(2), L.SpatialDropout1D(0.2),
        L.TimeDistributed(L.Dense(3)), L.GlobalAveragePooling1D(), shape=SEQUENCE,
    ),
    "recurrent": lambda: stack(
        L.Masking(), L.LSTM(3, return_sequences=True), L.GRU(3, return_sequences=True),
        L.GRU(3, return_sequences=True, reset_after=False, recurrent_activation="hard_sigmoid"),
        L.Bidirectional(L.LSTM(2, return_sequences=True)), L.SimpleRNN(3), shape=SEQUENCE,
    ),
    "words": lambda: keras.Sequential([L.Embedding(7, 3, input_length=4, mask_zero=True), L.LSTM(3), L.Dense(1)]),
    "cells": cells,
    "local": lambda: stack(
        L.LocallyConnected1D(3, 2, strides=2), L.LocallyConnected1D(2, 2, implementation=3), shape=SEQUENCE
    ),
    "local_dense": local(implementation=2),
    "local_sparse": local(implementation=3),
    "local_first": local(data_format="channels_first"),
    "local_first_dense": local(data_format="channels_first", implementation=2),
    "local_first_sparse": local(data_format="channels_first", implementation=3),
    "maps": lambda: stack(
        L.ConvLSTM2D(3, 2, return_sequences=True), L.Bidirectional(L.ConvLSTM2D(2, 2)), L.GlobalAveragePooling2D(),
        shape=(3, 5, 5, 2),
    ),
    "branches": branches,
    "nested": nested,
    "deeper": deeper,
    "states": states,
    "tensor_ops": tensor_ops,
}  # fmt: skip

NEW, OLD = keras.optimizers, keras.optimizers.legacy
OPTIMIZERS = {
    "sgd": lambda: NEW.SGD(0.1, momentum=0.9),
    "adam": lambda: NEW.Adam(0.01, amsgrad=True),
    "rmsprop": lambda: NEW.RMSprop(0.01, momentum=0.5, centered=True),
    "adagrad": lambda: NEW.Adagrad(0.1),
    "adadelta": lambda: NEW.Adadelta(0.5),
    "nadam": lambda: NEW.Nadam(0.01),
    "ftrl": lambda: NEW.Ftrl(0.1),
    "adamw": lambda: NEW.AdamW(0.01),
    "schedule": lambda: NEW.Adam(NEW.schedules.ExponentialDecay(0.1, 2, 0.5)),
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


def spread(model, rng):
    """Give every weight a value of its own."""
    model.set_weights([rng.uniform(0.2, 0.8, w.shape).astype(w.dtype) for w in model.get_weights()])


def write_models(folder, rng):
    for name, make in MODELS.items():
        model = make()
        spread(model, rng)
        inputs = [rng.normal(size=(2, *x.shape[1:])).astype("float32") for x in model.inputs]
        if name == "words":
            inputs = [np.array([[1, 2, 3, 0], [4, 6, 0, 0]], "float32")]
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
