"""Functions of JAX as layers."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from jax import dtypes, tree_util

from tricera.engine.layer import Layer
from tricera.engine.random import SeedGenerator
from tricera.engine.registry import register
from tricera.engine.variable import Variable
from tricera.layers.arguments import adopt, mistake

# What the functions may take.
_CALL, _INIT = ("params", "state", "rng", "inputs", "training"), ("rng", "inputs", "training")


@register("layer")
class JaxLayer(Layer):
    """`call_fn(params, state, rng, inputs, training)`, a function of JAX that takes those of these arguments it names.

    Args:
        call_fn: gives the outputs, and the new state where it takes one.
        init_fn: `(rng, inputs, training)` gives the params, and the state where `call_fn` takes one; may be left out
            where both are given.
        params, state: nestings of arrays to start with.

    Raises:
        ValueError: a function does not take `inputs`, or takes something unknown; neither `init_fn` nor `params`.
    """

    def __init__(
        self, call_fn, init_fn=None, params=None, state=None, seed=None, native_serialization_platforms=None, **kwargs
    ):
        super().__init__(**kwargs)
        adopt(self, {"call_fn": call_fn, "init_fn": init_fn})
        self._takes = self._names("call_fn", call_fn, _CALL)
        if init_fn is None and params is None and state is None:
            what = "You must specify `init_fn` and/or at least one of `params` and `state`."
            raise mistake(self, what)
        self._init_takes = () if init_fn is None else self._names("init_fn", init_fn, _INIT)
        self.seed_generator = SeedGenerator(seed)
        self.params, self.state = params, state
        if init_fn is None or not (params is None or ("state" in self._takes and state is None)):
            self._make(params, state)
            self.built = True

    def _names(self, which: str, function: Callable, known: tuple[str, ...]) -> list[str]:
        names = list(inspect.signature(function).parameters)
        wrong = [name for name in names if name not in known] or (["inputs"] if "inputs" not in names else [])
        if wrong:
            what = f"unsupported or missing argument in `{which}`: `{wrong[0]}`."
            expected = f"some of {', '.join(known)}, `inputs` among them"
            raise mistake(self, what, expected=expected, got=", ".join(names))
        return names

    def build(self, input_shape):
        shapes = input_shape if isinstance(input_shape[0], list | tuple) else [input_shape]
        inputs = [np.zeros([size or 1 for size in shape], self.compute_dtype) for shape in shapes]
        given = {"rng": self._init_rng(), "inputs": inputs if shapes is input_shape else inputs[0]}
        made = self.init_fn(*({**given, "training": True}[name] for name in self._init_takes))
        self._make(*(made if "state" in self._takes else (made, None)))

    def _make(self, params: Any, state: Any) -> None:
        """Have a variable in place of each array."""
        self.params = tree_util.tree_map(lambda leaf: self._variable(leaf, True), params)
        self.state = tree_util.tree_map(lambda leaf: self._variable(leaf, False), state)

    def _init_rng(self) -> Any:
        """What `init_fn` gets as `rng`."""
        return self.seed_generator.next()

    def _call_rng(self, training: bool) -> Any:
        """What `call_fn` gets as `rng`."""
        return self.seed_generator.next()

    def _variable(self, leaf: Any, trainable: bool) -> Any:
        value = np.asarray(leaf)
        if value.dtype.kind not in "biufcV":  # a text, for one; V is bfloat16
            return leaf
        is_trainable = trainable and value.dtype.kind in "fV"
        dtype = str(dtypes.canonicalize_dtype(value.dtype))
        variable = self.add_weight(value.shape, "zeros", dtype, is_trainable, name="variable")
        variable.assign(value)
        return variable

    def call(self, inputs, training=False):
        values = {
            "params": tree_util.tree_map(_value, self.params),
            "state": tree_util.tree_map(_value, self.state),
            "inputs": inputs,
            "training": bool(training),
        }
        if "rng" in self._takes:
            values["rng"] = self._call_rng(values["training"])
        outputs = self.call_fn(*(values[name] for name in self._takes))
        if "state" in self._takes:
            outputs, state = outputs
            tree_util.tree_map(_assign, self.state, state)
        return outputs

    def get_config(self):
        """The functions; arrays too where nothing else says which there are."""
        config = super().get_config()
        return {**config, **dict.fromkeys({"params", "state"} & set(config) if self.init_fn else ())}


def _value(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, Variable) else leaf


def _assign(leaf: Any, value: Any) -> None:
    if isinstance(leaf, Variable):
        leaf.assign(value)
