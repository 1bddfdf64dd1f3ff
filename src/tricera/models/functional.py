"""Functional: a model that is a graph of layers and ops."""

import warnings
from typing import Any

import jax.numpy as jnp
from jax import tree_util

from tricera.engine import dtypes, graph, masking, registry, scope, tracking
from tricera.engine.graph import Function, KerasTensor
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.errors import nearest, report
from tricera.layers import Input, InputLayer
from tricera.models import graph_config
from tricera.models.model import Model, reserved
from tricera.saving import past
from tricera.train import structure
from tricera.train.compiled import sketch


@registry.register("model")
class Functional(Model):
    """The graph from `inputs` to `outputs`; run in a fixed order, each node once.

    Of a list of one output, arrays give the output alone; symbolic tensors, as in Keras 3, the list.

    Raises:
        ValueError: an output does not depend on the inputs alone.
    """

    strict = True  # whether the sizes of the inputs, beside their ranks, must be the declared ones
    lenient = False  # whether not even the ranks must, and the layers say what they take: set by `legacy`
    lists = True  # whether lists of one tensor stay so where tensors are symbolic: set by `legacy`

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any):
        Layer.__init__(self, name=name, **kwargs)
        _check_symbolic("inputs", inputs)
        _check_symbolic("outputs", outputs)
        self._function = Function(*_from_inputs(inputs, outputs), name=self.name)
        names = [layer.name for layer in self.layers]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(
                report(
                    f'The name "{twice}" is used {names.count(twice)} times in the model. '
                    "All layer names should be unique.",
                    fix="give one of the layers another `name=`.",
                )
            )
        self.built = True

    # ---- structure

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs."""
        return self._function.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs."""
        return self._function.outputs

    @property
    def input(self) -> Any:
        """The symbolic inputs, in the nesting they were given in."""
        return self._function._inputs_struct if self.lists else _alone(self._function._inputs_struct)

    @property
    def output(self) -> Any:
        """The symbolic outputs, in the nesting they were given in."""
        return self._function._outputs_struct if self.lists else _alone(self._function._outputs_struct)

    @property
    def input_shape(self) -> Any:
        """The shape of the one input, or of each."""
        return _alone([tensor.shape for tensor in self.inputs])

    @property
    def output_shape(self) -> Any:
        """The shape of the one output, or of each."""
        return _alone([tensor.shape for tensor in self.outputs])

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs."""
        return [tensor.node.operation.name if tensor.node else tensor.name for tensor in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """The names of the layers that make the outputs."""
        return [tensor.node.operation.name for tensor in self.outputs]  # type: ignore[union-attr]

    @property
    def operations(self) -> list[Any]:
        """The layers and ops, in the order of the graph."""
        return self._function.operations

    @property
    def layers(self) -> list[Layer]:
        """The layers, in the order of the graph."""
        return [operation for operation in self._function.operations if isinstance(operation, Layer)]

    @layers.setter
    def layers(self, _: Any) -> None:
        raise reserved()

    def _sublayers(self) -> list[Any]:
        return tracking.unique([*self.layers, *tracking.held(self, "layer")])

    # ---- computation

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Run the graph."""
        values = self._standardize(inputs)
        if mask is not None:
            for value, each in zip(values, tree_util.tree_leaves(mask, is_leaf=lambda x: x is None), strict=False):
                if each is not None:
                    masking.set_mask(value, each)
        return _alone(self._function.run(*values))

    def _standardize(self, inputs: Any) -> list[Any]:
        """One array for each input, of its rank and dtype."""
        struct, given = self._function._inputs_struct, inputs
        if isinstance(inputs, dict):
            given = self._by_name(inputs, struct)
        values = tree_util.tree_leaves(given, is_leaf=lambda x: x is None or graph.is_symbolic_leaf(x))
        if len(values) != len(self.inputs):
            keys = ", ".join(f"{name!r}: ..." for name in struct) if isinstance(struct, dict) else None
            raise ValueError(
                report(
                    f"{where(self)}: the model expects {len(self.inputs)} input(s), but it received {len(values)}.",
                    expected=", ".join(f"{n}: {t.shape}" for n, t in zip(self.input_names, self.inputs, strict=True)),
                    got=", ".join(str(graph.known(v.shape)) if hasattr(v, "shape") else repr(v) for v in values),
                    fix=f"a dict: {{{keys}}}." if keys else None,
                )
            )
        self._compare(inputs, struct)
        return [self._fit(value, tensor, i) for i, (value, tensor) in enumerate(zip(values, self.inputs, strict=True))]

    def _compare(self, inputs: Any, struct: Any) -> None:
        """Warn of inputs that are nested in another way than the model's.

        Raises:
            ValueError: they are a list for a dict, which is in another order than that of its sorted names.
        """
        lone = isinstance(struct, list | tuple) and len(struct) == 1 and not isinstance(inputs, list | tuple | dict)
        by_name = isinstance(inputs, dict) and not isinstance(struct, dict)
        if self.lenient or lone or by_name or alike(struct, inputs):
            return
        message = report(
            "The structure of `inputs` doesn't match the expected structure.",
            expected=sketch(struct, lambda tensor: self.input_names[self._place(tensor)]),
            got=sketch(inputs, lambda x: str(graph.known(x.shape)) if hasattr(x, "shape") else repr(x)),
        )
        if isinstance(struct, dict) and not isinstance(inputs, dict) and list(struct) != sorted(struct):
            raise ValueError(message)
        if scope.current().inferring is None:  # what runs afterwards says it
            warnings.warn(message, stacklevel=2)

    def _place(self, tensor: KerasTensor) -> int:
        return next(i for i, each in enumerate(self.inputs) if each is tensor)

    def _by_name(self, inputs: dict[str, Any], struct: Any) -> Any:
        names = list(struct) if isinstance(struct, dict) else self.input_names
        missing = [name for name in names if name not in inputs]
        if missing:
            near = nearest(missing[0], inputs)
            raise ValueError(
                report(
                    f"{where(self)}: missing data for input {missing[0]!r}.",
                    expected=", ".join(map(repr, names)),
                    got=", ".join(map(repr, inputs)),
                    fix=f"rename {near!r} to {missing[0]!r}." if near else None,
                )
            )
        return {name: inputs[name] for name in names} if isinstance(struct, dict) else [inputs[name] for name in names]

    def _fit(self, value: Any, tensor: KerasTensor, place: int) -> Any:
        if value is None:
            if not getattr(tensor.node and tensor.node.operation, "optional", False):
                raise ValueError(
                    report(
                        f"{where(self)}: The input {self.input_names[place]!r} is not optional, but None was passed.",
                        expected=tensor.shape,
                        fix="give an array, or make the input by `Input(..., optional=True)`.",
                    )
                )
            return None
        shape = graph.known(value.shape)
        rank = len(tensor.shape)
        if len(shape) == rank + 1 and shape[-1] == 1:
            value = value[..., 0]
        elif len(shape) == rank - 1 and tensor.shape[-1] == 1:
            value = value[..., None]
        shape = graph.known(value.shape)
        wrong = len(shape) != rank or any(
            None not in (a, b) and a != b for a, b in zip(shape[1:], tensor.shape[1:], strict=True) if self.strict
        )
        if wrong and not self.lenient:
            raise ValueError(
                report(
                    f"{where(self)}: input {self.input_names[place]!r} has the wrong shape and is incompatible with "
                    "the layer.",
                    expected=tensor.shape,
                    got=shape,
                    fix=_shape_fix(shape, tensor.shape),
                )
            )
        dtype = tensor.dtype if dtypes.dtype_of(value) != tensor.dtype else None
        mask = masking.get_mask(value)
        value = value if dtype is None else jnp.asarray(value, dtype)
        if mask is not None:
            masking.set_mask(value, mask)
        return value

    def compute_output_spec(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """The symbolic outputs for symbolic inputs: those of the graph where only the batch differs."""
        spec, struct = graph.infer(self, (inputs,)), self._function._outputs_struct
        return type(struct)([spec]) if self.lists and _alone(struct) is not struct else spec

    # ---- structure, for programs and files

    def get_config(self) -> dict[str, Any]:
        """The layers, how each is used, the inputs and the outputs; of a subclass, its arguments."""
        if type(self).__init__ is Functional.__init__:
            return graph_config.to_config(self)
        if not graph.any_symbolic(self._arguments):  # a subclass that makes its graph itself
            return super().get_config()
        known = {"args", "inputs", "outputs", *graph_config.PARTS, "trainable"}
        own = {name: registry.serialize(value) for name, value in self.arguments().items() if name not in known}
        return {**graph_config.to_config(self), **own}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None):
        """The model of a configuration, with new layers."""
        if "input_layers" not in config:
            return super().from_config(config)
        if scope.current().allowance is None and _is_of_keras_2(config):  # no file: those are translated before
            config = past.modern({"class_name": "Functional", "config": config})["config"]
        inputs, outputs = graph_config.from_config(config, custom_objects)
        of_subclass = set(config) - {*graph_config.PARTS, "trainable"} if cls not in (Functional, Model) else ()
        own = {name: registry.revive(config[name], registry.roles_at(name, None)) for name in of_subclass}
        given = {"name": config.get("name"), "trainable": config.get("trainable", True), **own}
        return cls(inputs=inputs, outputs=outputs, **given)

    def structure(self) -> Any:
        """What programs depend on: the operations, and how they are connected."""
        if type(self).__name__ not in ("Functional", "Sequential") or type(self).__module__.split(".")[0] != "tricera":
            raise structure.Unshared(repr(self))
        numbers: dict[int, int] = {id(tensor): i for i, tensor in enumerate(self.inputs)}
        places = {id(operation): i for i, operation in enumerate(self.operations)}
        rows = []
        for node in self._function.nodes:
            leaves = [
                ("tensor", numbers.get(id(leaf))) if isinstance(leaf, KerasTensor) else structure.key(leaf)
                for leaf in node.leaves
            ]
            rows.append((places[id(node.operation)], str(node._treedef), *leaves))
            for tensor in node.output_tensors:
                numbers.setdefault(id(tensor), len(numbers))
        operations = [structure.key(operation) for operation in self.operations]
        inputs = [(tensor.shape, tensor.dtype) for tensor in self.inputs]
        outputs = str(self._function._outputs_treedef), [numbers[id(tensor)] for tensor in self.outputs]
        struct = str(tree_util.tree_structure(self.input, is_leaf=graph.is_symbolic_leaf))
        own = self.trainable, structure.key(self.dtype_policy)
        return ("graph", own, struct, repr(inputs), tuple(rows), tuple(operations), repr(outputs))


def _is_of_keras_2(config: dict[str, Any]) -> bool:
    layers = [layer for layer in config["layers"] if isinstance(layer, dict)]
    return any(isinstance(use, list) for layer in layers for use in layer.get("inbound_nodes") or ())


def _check_symbolic(what: str, struct: Any) -> None:
    for tensor in tree_util.tree_leaves(struct, is_leaf=graph.is_symbolic_leaf):
        if not isinstance(tensor, KerasTensor):
            raise ValueError(
                report(
                    f"All `{what}` values must be KerasTensors.",
                    got=repr(tensor),
                    fix="begin with `Input(...)`, and call layers and `keras.ops` on it.",
                )
            )


def alike(struct: Any, given: Any) -> bool:
    """Whether two things are nested alike; lists and tuples are the same."""
    if isinstance(struct, dict):
        return isinstance(given, dict) and set(given) == set(struct) and all(alike(struct[k], given[k]) for k in given)
    if not isinstance(struct, list | tuple):
        return not isinstance(given, list | tuple | dict)
    return isinstance(given, list | tuple) and len(given) == len(struct) and all(map(alike, struct, given))


def _alone(struct: Any) -> Any:
    """The one item of a list or tuple of one; anything else as it is."""
    return struct[0] if type(struct) in (list, tuple) and len(struct) == 1 else struct


def _from_inputs(inputs: Any, outputs: Any) -> tuple[Any, Any]:
    """The same graph with an `Input` in place of each input that stands in the middle of another graph."""
    tensors, treedef = tree_util.tree_flatten(inputs, is_leaf=graph.is_symbolic_leaf)
    inner = [isinstance(t, KerasTensor) and not _is_source(t) for t in tensors]
    if not any(inner):
        return inputs, outputs
    fresh = [
        Input(batch_shape=t.shape, dtype=t.dtype) if replace else t for t, replace in zip(tensors, inner, strict=True)
    ]
    return tree_util.tree_unflatten(treedef, fresh), Function(inputs, outputs).run(*fresh)


def _is_source(tensor: KerasTensor) -> bool:
    return tensor.node is not None and (tensor.node.is_input or isinstance(tensor.node.operation, InputLayer))


def _shape_fix(got: tuple, expected: tuple) -> str | None:
    if len(got) == len(expected) - 1 and None not in got[1:] and got[1:] == expected[1 : len(got)]:
        return "add the missing axis: `x[..., None]`."
    if len(got) == len(expected) - 1 and got == expected[1:]:
        return "add a batch axis: `x[None]`."
    known = [n for n in expected[1:] if n is not None]
    size, wanted = 1, 1
    for n in got[1:]:
        size *= n or 1
    for n in known:
        wanted *= n
    if len(known) == len(expected) - 1 and None not in got[1:] and size == wanted:
        return f"reshape the data: `x.reshape({', '.join(map(str, (-1, *expected[1:])))})`."
    return None
