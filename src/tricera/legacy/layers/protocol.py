"""What layers of Keras 1 and 2 could be asked and told beyond those of Keras 3: for layers that users wrote."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from tricera.engine import inputs, tracking
from tricera.engine.layer import Layer
from tricera.engine.variable import Variable
from tricera.layers import Lambda
from tricera.legacy.backend.graph import SymbolsNeeded, Update
from tricera.models import Model


def install() -> None:
    """Give layers and models these methods and properties."""
    Layer.add_weight = _named_first(Layer.add_weight)  # type: ignore[method-assign]
    Layer.add_loss = _with_inputs(Layer.add_loss)  # type: ignore[method-assign]
    Layer.trainable_weights = Layer.trainable_weights.setter(_set_trainable)  # type: ignore[attr-defined]
    Layer.non_trainable_weights = Layer.non_trainable_weights.setter(_set_frozen)  # type: ignore[attr-defined]
    Layer.compute_output_shape = _of_keras_1(Layer.compute_output_shape)  # type: ignore[method-assign]
    for function in (add_update, assert_input_compatibility, get_losses_for, get_output_shape_for, get_updates_for):
        setattr(Layer, function.__name__, function)
    for function in (get_input_mask_at, get_input_shape_at, get_output_mask_at, get_output_shape_at):
        setattr(Layer, function.__name__, function)
    for name, getter in {"input_mask": get_input_mask_at, "output_mask": get_output_mask_at}.items():
        setattr(Layer, name, property(functools.partial(getter, node_index=0)))
    Lambda._record = _on_symbols(Lambda._record)  # type: ignore[method-assign]
    Layer.updates = property(lambda self: [])  # type: ignore[attr-defined]
    Model.state_updates = property(lambda self: [])  # type: ignore[attr-defined]
    Model.stateful = property(lambda self: bool(_stateful(self)))  # type: ignore[attr-defined]
    Model.uses_learning_phase = True  # type: ignore[attr-defined]
    Model.reset_states = reset_states  # type: ignore[attr-defined]


# ---- told in `build` and `call`


def _named_first(add_weight: Callable) -> Callable:
    """Keras 2 named a weight first; what followed stood in another order, too."""

    @functools.wraps(add_weight)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> Variable:
        if args and isinstance(args[0], str):
            names = ("name", "shape", "dtype", "initializer", "regularizer", "trainable", "constraint")
            args, kwargs = (), {**dict(zip(names, args, strict=False)), **kwargs}
        if isinstance(kwargs.get("name"), str):
            kwargs["name"] = kwargs["name"].replace("/", "_")
        return add_weight(self, *args, **kwargs)

    return wrapped


def _with_inputs(add_loss: Callable) -> Callable:
    """Keras 1 and 2 were told what a loss depends on; here the graph knows."""

    @functools.wraps(add_loss)
    def wrapped(self: Layer, losses: Any = None, inputs: Any = None, **kwargs: Any) -> None:
        add_loss(self, kwargs.get("loss", losses))

    return wrapped


def add_update(self: Layer, updates: Any, inputs: Any = None) -> None:
    """Change variables as the updates say; those of `K.update` and its kin were made when they were asked for."""
    for update in updates if isinstance(updates, list) else [updates]:
        if isinstance(update, Update):
            update.make()
        elif isinstance(update, tuple):
            Update(*update).make()


def _set_trainable(self: Layer, variables: Sequence[Variable]) -> None:
    """Exactly these of the layer's variables are trained: `build` of Keras 1 said it so."""
    self.__dict__["_told"] = list(variables)
    chosen = set(map(id, variables))
    for variable in tracking.held(self, "variable"):
        variable.learnable = id(variable) in chosen
        variable.trainable = variable.learnable and self.trainable


def _set_frozen(self: Layer, variables: Sequence[Variable]) -> None:
    """These of the layer's variables are not trained."""
    self.__dict__["_told_frozen"] = list(variables)
    for variable in variables:
        variable.learnable = variable.trainable = False


def assert_input_compatibility(self: Layer, inputs_: Any) -> None:
    """Raise ValueError unless the inputs are what the layer's `input_spec` says."""
    inputs.check(self, inputs_)


def _on_symbols(record: Callable) -> Callable:
    """A Lambda of what only symbolic tensors have, such as `K.gradients`, is the graph that it makes of them."""

    @functools.wraps(record)
    def wrapped(self: Lambda, args: tuple, kwargs: dict, arguments: dict) -> Any:
        try:
            return record(self, args, kwargs, arguments)
        except SymbolsNeeded:
            made = self.call(*args, **kwargs)
            return made[0] if isinstance(made, list) and len(made) == 1 else made

    return wrapped


# ---- asked


def _of_keras_1(compute_output_shape: Callable) -> Callable:
    """A layer of Keras 1 says the shape of its output in `get_output_shape_for`."""

    @functools.wraps(compute_output_shape)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> Any:
        own = type(self).get_output_shape_for  # type: ignore[attr-defined]
        return (compute_output_shape if own is get_output_shape_for else own)(self, *args, **kwargs)

    return wrapped


def get_output_shape_for(self: Layer, input_shape: Any) -> Any:
    """The shape of the output for inputs of this shape."""
    return self.compute_output_shape(input_shape)


def get_input_shape_at(self: Layer, node_index: int) -> Any:
    """The shape of the input of one of the layer's uses."""
    return inputs.shapes(self.get_input_at(node_index))


def get_output_shape_at(self: Layer, node_index: int) -> Any:
    """The shape of the output of one of the layer's uses."""
    return inputs.shapes(self.get_output_at(node_index))


def get_input_mask_at(self: Layer, node_index: int) -> Any:
    """The mask of the input of one of the layer's uses, None without one."""
    return _mask(self.get_input_at(node_index))


def get_output_mask_at(self: Layer, node_index: int) -> Any:
    """The mask of the output of one of the layer's uses, None without one."""
    return _mask(self.get_output_at(node_index))


def _mask(tensors: Any) -> Any:
    if isinstance(tensors, list | tuple):
        return [_mask(tensor) for tensor in tensors]
    return getattr(tensors, "_keras_mask", None)


def get_updates_for(self: Layer, inputs: Any) -> list[Any]:
    """Nothing: variables are changed as the layer computes."""
    return []


def get_losses_for(self: Layer, inputs: Any) -> list[Any]:
    """The losses, whatever the inputs."""
    return self.losses


# ---- recurrent states


def _stateful(self: Layer) -> list[Any]:
    layers = self._flatten_layers(include_self=False)
    return [layer for layer in layers if not isinstance(layer, Model) and getattr(layer, "stateful", False)]


def reset_states(self: Model) -> None:
    """Let the recurrent layers that keep their states from batch to batch begin anew."""
    for layer in _stateful(self):
        layer.reset_states()
