"""Methods that models had in Keras 1 and 2, and old names of the arguments of those that they still have."""

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from jax import tree_util

from tricera.engine.layer import Layer
from tricera.engine.random import global_seed_generator
from tricera.legacy import generation, spellings
from tricera.legacy.layers import resnet
from tricera.legacy.training import data, frozen
from tricera.metrics import Metric
from tricera.models import Model, Sequential

# Method -> old name of an argument -> today's; None where it says nothing today.
ARGUMENTS: dict[str, dict[str, str | None]] = {
    "fit": {"nb_epoch": "epochs", "show_accuracy": None},
    "evaluate": {"show_accuracy": None},
    "predict": {"show_accuracy": None},
    "train_on_batch": {"accuracy": None},
    "test_on_batch": {"accuracy": None},
}
OF_COMPILE: dict[str, str | None] = dict.fromkeys(("class_mode", "sample_weight_mode", "target_tensors", "theano_mode"))
OF_GENERATORS: dict[str, str | None] = {
    "nb_epoch": "epochs",
    "max_q_size": "max_queue_size",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
    "show_accuracy": None,
    "nb_val_worker": None,
    "wait_time": None,
}
# Old method -> today's.
METHODS = {
    "fit_generator": "fit",
    "evaluate_generator": "evaluate",
    "predict_generator": "predict",
    "predict_proba": "predict",
    "predict_classes": "predict",
}
# Arguments that counted samples where today's count steps.
IN_SAMPLES = {"samples_per_epoch": "steps_per_epoch", "nb_val_samples": "validation_steps", "val_samples": "steps"}
# The order of the arguments of methods of Keras 1 that Keras 2 ordered otherwise.
_WORKERS = ("max_q_size", "nb_worker", "pickle_safe")
PLACES_OF_KERAS_1 = {
    "fit_generator": (
        *("generator", "samples_per_epoch", "nb_epoch", "verbose", "callbacks", "validation_data", "nb_val_samples"),
        *("class_weight", *_WORKERS, "initial_epoch"),
    ),
    "evaluate_generator": ("generator", "val_samples", *_WORKERS),
    "predict_generator": ("generator", "val_samples", *_WORKERS),
}
# Generation -> method -> what its arguments were where they are left out.
DEFAULTS: dict[int, dict[str, dict[str, Any]]] = {
    1: {"fit": {"epochs": 10}, "predict": {"verbose": 0}},
    2: {"predict": {"verbose": 0}},
}
_COMPILED = ("metrics", "loss_weights", "sample_weight_mode", "weighted_metrics", "target_tensors")  # in third place
OF_QUEUES = ("max_queue_size", "workers", "use_multiprocessing")


def install() -> None:
    """Give models their old methods; those that they have take old names of arguments too."""
    for name, renamed in ARGUMENTS.items():
        setattr(Model, name, _taking(getattr(Model, name), renamed))
    for name in ("fit", "predict"):
        setattr(Model, name, _with_defaults(getattr(Model, name)))
    Model.compile = _compiling(Model.compile)
    Model.get_layer = resnet.finding(Model.get_layer)  # type: ignore[method-assign]
    for name in ("fit", "train_on_batch"):
        setattr(Model, name, _training(getattr(Model, name)))
    Model.fit, Model.predict = data.fitting(Model.fit), data.led_by_first(Model.predict)  # type: ignore[method-assign]
    for function in (fit_generator, evaluate_generator, predict_generator):
        setattr(Model, function.__name__, _noted(function))
    Model.validation_data = property(data.validation_data)  # type: ignore[attr-defined]
    Model.seed_generators = property(seed_generators)  # type: ignore[method-assign,assignment]
    for function in (predict_classes, predict_proba):
        setattr(Sequential, function.__name__, _noted(function))
    Metric.reset_states = reset_states  # type: ignore[attr-defined]
    for function in (get_output_at, get_input_at):
        setattr(Layer, function.__name__, function)


def _with_defaults(method: Callable) -> Callable:
    """The method with the defaults of the program's generation."""
    places = list(inspect.signature(method).parameters)[1:]
    name = method.__name__

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        found = DEFAULTS.get(generation.current(), {}).get(name, {})
        told = {*places[: len(args)], *kwargs}
        return method(self, *args, **{name: value for name, value in found.items() if name not in told}, **kwargs)

    return wrapper


def _compiling(method: Callable) -> Callable:
    """`compile` of Keras 1 and 2: `metrics` in third place, and what is trainable is settled."""

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) > 2 and generation.current() < generation.NEWEST:
            kwargs = {**dict(zip(_COMPILED, args[2:], strict=False)), **kwargs}
            args = args[:2]
        method(self, *args, **_new(kwargs, OF_COMPILE))
        frozen.remember(self)

    return wrapper


def _training(method: Callable) -> Callable:
    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        with frozen.as_compiled(self):
            return method(self, *args, **kwargs)

    return wrapper


def _noted(method: Callable) -> Callable:
    """The method, whose old name is noted with each use, and whose arguments that counted samples are."""
    name = method.__name__

    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        spellings.note(f".{name}()", f".{METHODS[name]}()")
        if generation.current() == 1 and len(args) > 1 and name in PLACES_OF_KERAS_1:
            kwargs = {**dict(zip(PLACES_OF_KERAS_1[name][1:], args[1:], strict=False)), **kwargs}
            args = args[:1]
        for old in (name for name in IN_SAMPLES if name in kwargs):
            spellings.note(f"{old}=", f"{IN_SAMPLES[old]}=")
        return method(self, *args, **kwargs)

    return wrapper


_own_generators = Model.seed_generators.fget  # type: ignore[attr-defined]


def seed_generators(self: Any) -> list[Any]:
    """The model's generators, and in old code that of the process, which `K.random_normal` in a Lambda draws from."""
    own = _own_generators(self)
    return own if generation.current() > 2 else [*own, global_seed_generator()]


def _taking(method: Callable, renamed: dict[str, str | None]) -> Callable:
    @functools.wraps(method)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **_new(kwargs, renamed))

    return wrapper


def _new(kwargs: dict[str, Any], renamed: dict[str, str | None]) -> dict[str, Any]:
    for name in (name for name in kwargs if name in renamed):
        new = renamed[name]
        spellings.note(f"{name}=", new and f"{new}=")
    pairs = ((renamed.get(name, name), value) for name, value in kwargs.items())
    return {name: value for name, value in pairs if name is not None}


def fit_generator(
    self: Any,
    generator: Any,
    steps_per_epoch: int | None = None,
    epochs: int = 1,
    verbose: int = 1,
    callbacks: Any = None,
    validation_data: Any = None,
    validation_steps: int | None = None,
    *args: Any,
    samples_per_epoch: int | None = None,
    nb_val_samples: int | None = None,
    **kwargs: Any,
) -> Any:
    """`fit` of a generator, as Keras 1 and 2 called it; Keras 1 counted samples where Keras 2 counts steps."""
    kwargs = _new(kwargs, OF_GENERATORS)
    epochs = kwargs.pop("epochs", epochs)
    if samples_per_epoch is not None:
        generator, steps_per_epoch = _in_steps(generator, samples_per_epoch)
    if nb_val_samples is not None:
        validation_data, validation_steps = _in_steps(validation_data, nb_val_samples)
    names = ("validation_freq", "class_weight", *OF_QUEUES, "shuffle", "initial_epoch")
    kwargs = {**dict(zip(names, args, strict=False)), **kwargs}
    kwargs = {name: value for name, value in kwargs.items() if name not in OF_QUEUES}
    return self.fit(
        generator,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
        verbose=verbose,
        callbacks=callbacks,
        validation_data=validation_data,
        validation_steps=validation_steps,
        **kwargs,
    )


def evaluate_generator(
    self: Any,
    generator: Any,
    steps: int | None = None,
    callbacks: Any = None,
    *args: Any,
    val_samples: int | None = None,
    verbose: int = 0,
    **kwargs: Any,
) -> Any:
    """`evaluate` of a generator, as Keras 1 and 2 called it."""
    if val_samples is not None:
        generator, steps = _in_steps(generator, val_samples)
    return self.evaluate(generator, steps=steps, callbacks=callbacks, verbose=verbose)


def predict_generator(
    self: Any,
    generator: Any,
    steps: int | None = None,
    callbacks: Any = None,
    *args: Any,
    val_samples: int | None = None,
    verbose: int = 0,
    **kwargs: Any,
) -> Any:
    """`predict` of a generator, as Keras 1 and 2 called it."""
    if val_samples is not None:
        generator, steps = _in_steps(generator, val_samples)
    return self.predict(generator, steps=steps, callbacks=callbacks, verbose=verbose)


def _in_steps(source: Any, samples: int) -> tuple[Any, int]:
    """The source, and how many of its batches hold so many samples; arrays stay as they are."""
    if isinstance(source, tuple | list) or not hasattr(source, "__iter__"):
        return source, None  # type: ignore[return-value]
    iterator = iter(source)
    first = next(iterator)
    size = len(tree_util.tree_leaves(first)[0])
    return itertools.chain([first], iterator), -(-samples // size)


def predict_classes(self: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> np.ndarray:
    """The class of each sample: the largest output, or whether the only output is above one half."""
    outputs = self.predict(x, batch_size=batch_size, verbose=verbose)
    return outputs.argmax(-1) if outputs.shape[-1] > 1 else (outputs > 0.5).astype("int32")


def predict_proba(self: Any, x: Any, batch_size: int | None = None, verbose: int = 0) -> np.ndarray:
    """`predict`, by the name that Keras 1 had for it."""
    return self.predict(x, batch_size=batch_size, verbose=verbose)


def get_output_at(self: Any, node_index: int) -> Any:
    """The outputs of one use of the layer in a graph."""
    outputs = self._inbound_nodes[node_index].output_tensors
    return outputs[0] if len(outputs) == 1 else outputs


def get_input_at(self: Any, node_index: int) -> Any:
    """The inputs of one use of the layer in a graph."""
    inputs = self._inbound_nodes[node_index].input_tensors
    return inputs[0] if len(inputs) == 1 else inputs


def reset_states(self: Any) -> None:
    """`reset_state`, by the name that metrics had for it in Keras 2."""
    self.reset_state()
