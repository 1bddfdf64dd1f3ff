"""What constructors took in Keras 1 and 2, where that was not what they take today: the order, and the defaults."""

import inspect
import itertools
from collections.abc import Callable
from typing import Any

from tricera.legacy import generation

# ---- the order of Keras 1's arguments, by today's class, windows as one; a class that is not here had today's order

_WEIGHTED = "weights W_regularizer b_regularizer activity_regularizer W_constraint b_constraint bias"
_CONV = "init activation weights border_mode subsample"
_OF_CONV = "W_regularizer b_regularizer activity_regularizer W_constraint b_constraint bias"
_RECURRENT = "W_regularizer U_regularizer b_regularizer dropout_W dropout_U"
_KERAS_1 = {
    "BatchNormalization": "epsilon mode axis momentum weights beta_init gamma_init gamma_regularizer beta_regularizer",
    "Conv1D": f"filters kernel_size init activation weights border_mode subsample_length {_OF_CONV}",
    "Conv2D": f"filters kernel_size {_CONV} dim_ordering {_OF_CONV}",
    "Conv2DTranspose": f"filters kernel_size output_shape {_CONV} dim_ordering {_OF_CONV}",
    "Conv3D": f"filters kernel_size {_CONV} dim_ordering {_OF_CONV}",
    "Dense": f"output_dim init activation {_WEIGHTED} input_dim",
    "Embedding": "input_dim output_dim init input_length W_regularizer activity_regularizer W_constraint mask_zero",
    "GRU": f"output_dim init inner_init activation inner_activation {_RECURRENT}",
    "Highway": f"init activation {_WEIGHTED} input_dim",
    "LocallyConnected1D": f"filters kernel_size init activation weights border_mode subsample_length {_OF_CONV}",
    "LocallyConnected2D": f"filters kernel_size {_CONV} dim_ordering {_OF_CONV}",
    "LSTM": f"output_dim init inner_init forget_bias_init activation inner_activation {_RECURRENT}",
    "MaxoutDense": f"output_dim nb_feature init {_WEIGHTED} input_dim",
    "SeparableConv2D": f"filters kernel_size {_CONV} depth_multiplier dim_ordering",
    "SimpleRNN": f"output_dim init inner_init activation {_RECURRENT}",
}
ORDER = {name: words.split() for name, words in _KERAS_1.items()}


_ACTIVATIONS = {"relu", "softmax", "sigmoid", "tanh", "linear", "elu", "softplus", "softsign", "hard_sigmoid"}


def by_name(cls: type, args: tuple, agreeing: Callable[[str], str]) -> tuple[tuple, dict[str, Any]]:
    """The arguments of Keras 1: those whose places are today's, and the others by their names of that time.

    Where an activation stands in the place of `init`, the program is newer than it seems.

    Args:
        agreeing: today's name of an argument, by its name of that time.
    """
    order, today = ORDER.get(cls.__name__, []), list(inspect.signature(cls).parameters)
    if generation.current() > 1 or len(args) > len(order):
        return args, {}
    same = sum(
        1 for _ in itertools.takewhile(lambda pair: agreeing(pair[0]) == pair[1], zip(order, today, strict=False))
    )
    named = dict(zip(order[same:], args[same:], strict=False))
    init = named.get("init")
    if isinstance(init, int | tuple | list) or (isinstance(init, str) and init in _ACTIVATIONS):
        return args, {}
    return args[:same], named


# Optimizers of Keras 1 and 2, but not of tf.keras.
_OF_OPTIMIZERS = {
    "SGD": "learning_rate momentum decay nesterov",
    "RMSprop": "learning_rate rho epsilon decay",
    "Adagrad": "learning_rate epsilon decay",
    "Adadelta": "learning_rate rho epsilon decay",
    "Adam": "learning_rate beta_1 beta_2 epsilon decay amsgrad",
    "Adamax": "learning_rate beta_1 beta_2 epsilon decay",
    "Nadam": "learning_rate beta_1 beta_2 epsilon schedule_decay",
}


def of_optimizer(cls: type, args: tuple) -> dict[str, Any]:
    """The arguments of an optimizer by name, where their places were others; empty where they are today's."""
    order = _OF_OPTIMIZERS.get(cls.__name__, "").split()
    newer = generation.current() == generation.NEWEST or generation.of_tensorflow()
    if newer or len(args) > len(order) or order[: len(args)] == list(inspect.signature(cls).parameters)[: len(args)]:
        return {}
    if isinstance(args[-1], bool) and cls.__name__ == "SGD" and len(args) == 3:  # as Keras 2.3 had it
        return {}
    return dict(zip(order, args, strict=False))


# ---- defaults

_RECURRENT_GATE = {"recurrent_activation": "hard_sigmoid_v2"}
_OF_STEPS = (  # layers for which `image_data_format` says nothing
    *("AveragePooling1D", "Conv1D", "GlobalAveragePooling1D", "GlobalMaxPooling1D"),
    *("MaxPooling1D", "SeparableConv1D"),
)
_OF_KERAS_2: dict[str, dict[str, Any]] = {  # of Keras 2.3 and tf.keras
    "ConvLSTM1D": _RECURRENT_GATE,
    "ConvLSTM2D": _RECURRENT_GATE,
    "ConvLSTM3D": _RECURRENT_GATE,
    "Lion": {"learning_rate": 1e-4},
    **{name: {"data_format": "channels_last"} for name in _OF_STEPS},
    **{name: {"pool_size": 2} for name in ("AveragePooling2D", "AveragePooling3D")},
    "AveragePooling1D": {"data_format": "channels_last", "pool_size": 2},
}
_OF_KERAS: dict[str, dict[str, Any]] = {  # of the package `keras`, 1 and 2, but not of tf.keras
    "Adadelta": {"learning_rate": 1.0},
    "Adagrad": {"learning_rate": 0.01, "initial_accumulator_value": 0.0},
    "Adamax": {"learning_rate": 0.002},
    "GRU": {"reset_after": False},
    "GRUCell": {"reset_after": False},
    "Nadam": {"learning_rate": 0.002},
}
_EPSILON = ("Adadelta", "Adagrad", "Adam", "Adamax", "Nadam", "RMSprop")
_OF_KERAS_1: dict[str, dict[str, Any]] = {
    **{name: {"epsilon": 1e-8} for name in _EPSILON},
    "GRU": _RECURRENT_GATE,
    "LSTM": _RECURRENT_GATE,
    "Orthogonal": {"gain": 1.1},
}


def defaults(cls: type) -> dict[str, Any]:
    """What arguments of a class are where a program of its generation leaves them out, if it is not today's default."""
    number, name = generation.current(), cls.__name__
    if number == generation.NEWEST:
        return {}
    found = dict(_OF_KERAS_2.get(name, {}))
    if not generation.of_tensorflow():
        found |= _OF_KERAS.get(name, {})
    return found | (_OF_KERAS_1.get(name, {}) if number == 1 else {})
