"""clone_model: the same layers, new, with new weights."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from jax import tree_util

from tricera.engine import graph, scope
from tricera.engine.graph import KerasTensor
from tricera.engine.inputs import shapes
from tricera.engine.layer import Layer
from tricera.errors import report
from tricera.layers import Input, InputLayer
from tricera.models.functional import Functional, alike
from tricera.models.sequential import Sequential
from tricera.train.compiled import sketch


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable | None = None,
    call_function: Callable | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of new layers with the same configurations, joined in the same way, and new weights.

    One that is compiled gives one that is compiled alike, with an optimizer of its own.

    Args:
        input_tensors: what to build the new graph on instead of new inputs.
        clone_function: from a layer to the one that takes its place, another one than a copy if it likes.
        call_function: `call_function(layer, *args, **kwargs)` makes each use of a layer; for graphs.
        recursive: whether `clone_function` is called for the layers of inner models instead of for these.

    Raises:
        ValueError: the model is a subclass, which only its own `get_config` and `from_config` can copy, and one of
            these arguments is given; or the inputs do not fit.
    """
    if kwargs:
        raise ValueError(report(f"Unexpected keyword argument(s): {tuple(kwargs)}"))
    copy = _cloned(model, input_tensors, clone_function, call_function, recursive)
    if model.compiled and not copy.compiled:
        with scope.enter(copying=True):
            copy.compile_from_config(model.get_compile_config())
    return copy


def _cloned(
    model: Any, input_tensors: Any, clone_function: Callable | None, call_function: Callable | None, recursive: bool
) -> Any:
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                report(
                    "`call_function` argument is not supported with Sequential models.",
                    fix="use it with Functional models: the layers of a Sequential are listed, not called.",
                )
            )
        return _clone_stack(model, _cloner(clone_function, recursive), input_tensors)
    if type(model) is Functional:
        return _clone_graph(model, _cloner(clone_function, recursive, call_function), input_tensors, call_function)
    if clone_function is not None or input_tensors is not None or call_function is not None:
        raise ValueError(
            report(
                "Arguments `clone_function` and `input_tensors` are only supported for Sequential models or "
                "Functional models.",
                got=f"model of type {type(model).__name__!r}",
                fix="give the class a `get_config` and a `from_config`, and leave them out.",
            )
        )
    return _copy(model)


def _copy(layer: Layer) -> Layer:
    """A layer of the same configuration; functions that only the program knows, as in a Lambda, stand in both."""
    with scope.enter(copying=True):
        return type(layer).from_config(layer.get_config())


def _cloner(clone_function: Callable | None, recursive: bool, call_function: Callable | None = None) -> Callable:
    make = clone_function or _copy

    def clone(layer: Layer) -> Layer:
        if recursive and isinstance(layer, Sequential):
            return clone_model(layer, clone_function=clone_function, recursive=True)
        if recursive and isinstance(layer, Functional):
            return clone_model(layer, None, clone_function, call_function, recursive=True)
        return make(layer)

    return clone


def _clone_stack(model: Sequential, clone: Callable, input_tensors: Any) -> Sequential:
    layers = [clone(layer) for layer in model.layers if not isinstance(layer, InputLayer)]
    begin: list[Any] = []
    if input_tensors is not None:
        leaves = tree_util.tree_leaves(input_tensors, is_leaf=graph.is_symbolic_leaf)
        if len(leaves) != 1 or not isinstance(leaves[0], KerasTensor):
            raise ValueError(
                report("Argument `input_tensors` must contain a single tensor.", got=f"{len(leaves)} values")
            )
        begin = leaves
    elif model.built and isinstance(model._source, KerasTensor):
        begin = [_new_input(model._source)]
    copy = Sequential([*begin, *layers], model.trainable, model.name)
    if model.built and not copy.built and model._source is not None:  # several inputs
        copy.build(shapes(model._source))
    return copy


def _new_input(tensor: KerasTensor) -> KerasTensor:
    return Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name)


def _clone_graph(model: Functional, clone: Callable, input_tensors: Any, call_function: Callable | None) -> Functional:
    if input_tensors is None:
        tensors = [_new_input(tensor) for tensor in model.inputs]
    else:
        tensors = tree_util.tree_leaves(input_tensors, is_leaf=graph.is_symbolic_leaf)
        struct = model._function._inputs_struct
        if not alike(struct, input_tensors if isinstance(struct, dict | list | tuple) else tensors[0]):
            raise ValueError(
                report(
                    "`input_tensors` must have the same structure as model.input.",
                    expected=sketch(struct, attrgetter("name")),
                    got=sketch(input_tensors, attrgetter("name")),
                )
            )
    clones: dict[int, Any] = {}

    def use(node: graph.Node, args: tuple, kwargs: dict) -> Any:
        operation = node.operation
        if not isinstance(operation, Layer):
            return graph.record(graph.Operation(operation.function, operation.name), args, kwargs)
        if id(operation) not in clones:
            clones[id(operation)] = clone(operation)
        layer = clones[id(operation)]
        return call_function(layer, *args, **kwargs) if call_function else layer(*args, **kwargs)

    outputs = model._function.run(*tensors, call=use)
    treedef = tree_util.tree_structure(model.input, is_leaf=graph.is_symbolic_leaf)
    inputs = tree_util.tree_unflatten(treedef, tensors)
    return Functional(inputs, outputs, name=model.name, trainable=model.trainable)
