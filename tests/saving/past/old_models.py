"""Models that tf.keras 2 and Tricera can both make, kind by kind: each is written by one and read by the other.

`models(keras)` are functions that make them, by name; `optimizers(keras)` those of optimizers.
"""

from functools import partial
from types import SimpleNamespace

SEQUENCE, IMAGE, VECTOR, VOLUME = (5, 3), (6, 5, 3), (4,), (4, 5, 4, 2)


def models(keras, hard_sigmoid="hard_sigmoid", **others):
    """The table; `others` are classes of layers that do not stand in `keras.layers`."""
    L = SimpleNamespace(**{**vars(keras.layers), **others})
    return {
        **_plain(keras, L, hard_sigmoid),
        **_preprocessing(keras, L),
        **_convolutions(keras, L),
        **_local(keras, L),
        **_recurrent(keras, L, hard_sigmoid),
        **_graphs(keras, L),
    }


def _stack(keras, *stages, shape):
    return keras.Sequential([keras.Input(shape), *stages])


def _plain(keras, L, hard_sigmoid):
    stack = partial(_stack, keras)

    def settings():
        r, c, i = keras.regularizers, keras.constraints, keras.initializers
        own = {"kernel_regularizer": r.L1L2(0.1, 0.2), "bias_regularizer": r.L2(0.1), "activity_regularizer": r.L1(0.1)}
        own |= {"kernel_constraint": c.MaxNorm(3.0), "bias_constraint": c.NonNeg()}
        return stack(
            L.Dense(4, kernel_initializer=i.HeNormal(seed=1), bias_initializer=i.Constant(0.5), **own),
            L.Dense(4, kernel_initializer=i.VarianceScaling(2.0, "fan_out"), kernel_constraint=c.UnitNorm()),
            L.Dense(4, kernel_initializer=i.Orthogonal(0.5), kernel_constraint=c.MinMaxNorm(0.1, 2.0)),
            L.Dense(4, kernel_regularizer=r.OrthogonalRegularizer(0.01), bias_initializer="ones"),
            L.Dense(4, kernel_initializer=i.TruncatedNormal(0.1, 0.2), activity_regularizer="l2"),
            L.BatchNormalization(gamma_regularizer="l1", beta_constraint=c.MaxNorm(2.0)),
            shape=VECTOR,
        )

    def activations():
        return stack(
            L.Dense(4, activation=L.LeakyReLU()),
            L.Dense(4, activation=keras.activations.softplus),
            L.Dense(4, activation=L.ReLU(1.0)),
            *(L.Activation(name) for name in ("elu", "selu", "softsign", "exponential", "mish", "sigmoid", "linear")),
            L.Dense(4, "gelu"),
            L.Dense(4, hard_sigmoid),
            L.ReLU(2.0, 0.1, 0.2),
            L.Dense(4, "swish"),
            shape=VECTOR,
        )

    return {
        "dense": lambda: stack(
            L.Dense(6, activation="selu"), L.ELU(0.5), L.LeakyReLU(0.2), L.ReLU(2.0),
            L.Dropout(0.5), L.GaussianNoise(0.1), L.GaussianDropout(0.1), L.AlphaDropout(0.1),
            L.ActivityRegularization(0.1),
            L.Dense(3, activation="swish"), L.Activation("gelu"), L.Softmax(), L.RepeatVector(2), L.Permute((2, 1)),
            L.Reshape((6,)), L.UnitNormalization(),
            shape=VECTOR,
        ),
        "thresholds": lambda: stack(L.ThresholdedReLU(0.1), L.Dense(2), shape=VECTOR),
        "settings": settings,
        "activations": activations,
    }  # fmt: skip


def _preprocessing(keras, L):
    stack = partial(_stack, keras)

    def mixed():
        policy = "mixed_float16"
        return stack(L.Dense(4, "relu", dtype=policy), L.Dense(2, dtype="float32"), shape=VECTOR)

    def images():
        x = source = keras.Input((8, 6, 3))
        for layer in (
            L.Rescaling(1 / 127.5, -1), L.Resizing(7, 6), L.CenterCrop(6, 5), L.RandomFlip(), L.RandomRotation(0.1),
            L.RandomZoom(0.1), L.RandomContrast(0.1), L.RandomTranslation(0.1, 0.1), L.RandomBrightness(0.1),
        ):  # fmt: skip
            x = layer(x)
        return keras.Model(source, [x, L.UpSampling2D(2, interpolation="bilinear")(x), L.Resizing(4, 4, "nearest")(x)])

    def features():
        a, b = keras.Input((3,)), keras.Input((1,), dtype="int64")
        number = L.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 2.0, 4.0])(a)
        bins = L.Discretization([-0.5, 0.0, 1.0])(a)
        kinds = L.CategoryEncoding(5, output_mode="multi_hot")(b)
        looked = L.IntegerLookup(vocabulary=[3, 1, 4], output_mode="multi_hot")(b)
        return keras.Model([a, b], [number, bins, kinds, looked, L.Hashing(4)(b)])

    return {
        "mixed": mixed,
        "preprocessing": images,
        "features": features,
    }  # fmt: skip


def _convolutions(keras, L):
    stack = partial(_stack, keras)

    def convolutions(channels, **how):
        stages = (
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
        x = source = keras.Input(IMAGE)
        for stage in stages:
            x = stage(x)
        return keras.Model(source, x)

    return {
        "images": lambda: convolutions(3),
        "images_first": lambda: convolutions(1, data_format="channels_first"),
        "volumes": lambda: stack(
            L.Conv3D(3, 2), L.BatchNormalization(), L.MaxPooling3D(2, padding="same"), L.UpSampling3D(2),
            L.ZeroPadding3D(1), L.Cropping3D(1), L.SpatialDropout3D(0.1), L.Conv3DTranspose(2, 2),
            L.AveragePooling3D(2), L.GlobalMaxPooling3D(), shape=VOLUME,
        ),
        "sequences": lambda: stack(
            L.Conv1D(4, 2, padding="causal"), L.ZeroPadding1D(1), L.SeparableConv1D(3, 2), L.UpSampling1D(2),
            L.Cropping1D(1), L.DepthwiseConv1D(2), L.GroupNormalization(3),
            L.Conv1DTranspose(3, 2), L.MaxPooling1D(2, padding="same"), L.AveragePooling1D(2), L.SpatialDropout1D(0.2),
            L.TimeDistributed(L.Dense(3)), L.EinsumDense("abc,cd->abd", (None, 4)), L.GlobalAveragePooling1D(),
            shape=SEQUENCE,
        ),
    }  # fmt: skip


def _local(keras, L):
    stack = partial(_stack, keras)

    def local(**how):
        return stack(L.LocallyConnected2D(3, 2, strides=(1, 2), bias_initializer="normal", **how), shape=IMAGE)

    return {
        "local": lambda: stack(
            L.LocallyConnected1D(3, 2, strides=2), L.LocallyConnected1D(2, 2, implementation=3), shape=SEQUENCE
        ),
        "local_dense": lambda: local(implementation=2),
        "local_sparse": lambda: local(implementation=3),
        "local_first": lambda: local(data_format="channels_first"),
        "local_first_dense": lambda: local(data_format="channels_first", implementation=2),
        "local_first_sparse": lambda: local(data_format="channels_first", implementation=3),
    }  # fmt: skip


def _recurrent(keras, L, hard_sigmoid):
    stack = partial(_stack, keras)

    def cells():
        two = [L.LSTMCell(3, recurrent_activation=hard_sigmoid), L.GRUCell(2, reset_after=False)]
        stacked = L.StackedRNNCells([L.SimpleRNNCell(3), L.LSTMCell(2)])
        return stack(
            L.RNN(two, return_sequences=True),
            L.RNN(stacked, return_sequences=True),
            L.Bidirectional(L.RNN(L.GRUCell(2), return_sequences=True)),
            L.RNN(L.SimpleRNNCell(3)),
            shape=SEQUENCE,
        )

    def merged():
        a = keras.Input(SEQUENCE)
        modes = ("concat", "sum", "mul", "ave", None)
        made = [L.Bidirectional(L.LSTM(2, return_sequences=True), merge_mode=mode)(a) for mode in modes]
        other = L.Bidirectional(L.LSTM(2), backward_layer=L.GRU(3, go_backwards=True))(a)
        return keras.Model(a, [*made[:-1], *made[-1], other])

    def times():
        features = stack(L.Conv2D(2, 2), L.BatchNormalization(), L.Flatten(), shape=IMAGE)
        source = keras.Input((4,))
        inner = keras.Model(source, L.Add()([L.Dense(4)(source), source]))
        a, b = keras.Input((3, *IMAGE)), keras.Input((3, 4))
        x = L.Concatenate()([L.TimeDistributed(features)(a), L.TimeDistributed(inner)(b)])
        return keras.Model([a, b], L.TimeDistributed(L.TimeDistributed(L.Dense(2)))(L.Reshape((3, 2, -1))(x)))

    def stateful():
        source = keras.Input(batch_shape=(2, *SEQUENCE))
        x = L.LSTM(3, stateful=True, return_sequences=True)(source)
        return keras.Model(source, L.GRU(2, stateful=True, unroll=True)(x))

    return {
        "recurrent": lambda: stack(
            L.Masking(), L.LSTM(3, return_sequences=True), L.GRU(3, return_sequences=True),
            L.GRU(3, return_sequences=True, reset_after=False, recurrent_activation=hard_sigmoid),
            L.Bidirectional(L.LSTM(2, return_sequences=True)), L.SimpleRNN(3), shape=SEQUENCE,
        ),
        "words": lambda: keras.Sequential(
            [keras.Input((4,), dtype="int32"), L.Embedding(7, 3, mask_zero=True), L.LSTM(3), L.Dense(1)]
        ),
        "cells": cells,
        "merged": merged,
        "times": times,
        "stateful": stateful,
        "maps": lambda: stack(
            L.ConvLSTM2D(3, 2, return_sequences=True), L.Bidirectional(L.ConvLSTM2D(2, 2)), L.GlobalAveragePooling2D(),
            shape=(3, 5, 5, 2),
        ),
    }  # fmt: skip


def _graphs(keras, L):
    stack = partial(_stack, keras)

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
        x = L.Concatenate()([L.Flatten()(inner(a)), outer(b), outer(L.Activation("tanh")(b)), outer(b)])
        return keras.Model([a, b], [L.Dense(2)(x), outer(b)])

    def several():
        source = keras.Input((4,))
        pair = keras.Model(source, [L.Dense(3)(source), L.Dense(2)(source)], name="pair")
        a, b = keras.Input((4,)), keras.Input((4,))
        (x, y), (u, v) = pair(a), pair(b)
        join = keras.Model(pair_in := [keras.Input((3,)), keras.Input((2,))], L.Concatenate()(pair_in), name="join")
        return keras.Model([a, b], [join([x, v]), join([u, y])])

    def deeper():
        inner = keras.Sequential([L.Dense(4), L.BatchNormalization(), L.Dense(3)])
        middle = keras.Sequential([L.Dense(5), inner])
        return stack(middle, L.LayerNormalization(), L.Dense(2, activation="softmax"), shape=VECTOR)

    def states():
        a = keras.Input(SEQUENCE)
        outputs, h, c = L.LSTM(4, return_state=True, return_sequences=True)(a)
        x = L.LSTM(4)(outputs, initial_state=[h, c])
        y = L.Bidirectional(L.GRU(4))(outputs, initial_state=[h, c])
        return keras.Model(a, [x, y])

    def attention():
        a = keras.Input(SEQUENCE)
        forward = L.Bidirectional(L.GRU(2, return_sequences=True), merge_mode="sum")(a)
        return keras.Model(a, L.Attention(use_scale=True)([forward, forward]))

    def heads():
        a, b = keras.Input(SEQUENCE), keras.Input((4, 3))
        x = L.MultiHeadAttention(2, 3)(a, value=b)
        return keras.Model([a, b], L.MultiHeadAttention(2, 3, value_dim=2, output_shape=5, use_bias=False)(x, b, key=b))

    return {
        "branches": branches,
        "nested": nested,
        "several": several,
        "deeper": deeper,
        "states": states,
        "attention": attention,
        "heads": heads,
    }  # fmt: skip


def optimizers(keras):
    """The optimizers that both have."""
    new, schedules = keras.optimizers, keras.optimizers.schedules
    return {
        "sgd": lambda: new.SGD(0.1, momentum=0.9),
        "nesterov": lambda: new.SGD(0.1, momentum=0.9, nesterov=True),
        "decayed": lambda: new.SGD(0.1, momentum=0.9, weight_decay=0.1),
        "adam": lambda: new.Adam(0.01, amsgrad=True),
        "clipped": lambda: new.Adam(0.01, global_clipnorm=0.5),
        "averaged": lambda: new.Adam(0.01, use_ema=True),
        "rmsprop": lambda: new.RMSprop(0.01),
        "rmsprop_momentum": lambda: new.RMSprop(0.01, momentum=0.5, centered=True),
        "adagrad": lambda: new.Adagrad(0.1),
        "adadelta": lambda: new.Adadelta(0.5),
        "adamax": lambda: new.Adamax(0.01),
        "nadam": lambda: new.Nadam(0.01),
        "ftrl": lambda: new.Ftrl(0.1, l1_regularization_strength=0.01, beta=0.1),
        "adamw": lambda: new.AdamW(0.01),
        "adafactor": lambda: new.Adafactor(0.1),
        "lion": lambda: new.Lion(0.01),
        "exponential": lambda: new.Adam(schedules.ExponentialDecay(0.1, 2, 0.5)),
        "cosine": lambda: new.SGD(schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=2)),
        "restarts": lambda: new.SGD(schedules.CosineDecayRestarts(0.1, 3)),
        "inverse": lambda: new.SGD(schedules.InverseTimeDecay(0.1, 2, 0.5)),
        "piecewise": lambda: new.SGD(schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2, 0.3])),
        "polynomial": lambda: new.SGD(schedules.PolynomialDecay(0.1, 10, cycle=True)),
    }
