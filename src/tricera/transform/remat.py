"""Memory for time: what a layer computes is forgotten, and computed again where its gradient needs it."""

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import jax
from jax import tree_util

from tricera.engine import scope
from tricera.engine.pure import stateless
from tricera.errors import did_you_mean, report

MODES = ("full", "activations", "larger_than", "list_of_layers", None)


def remat(f: Callable) -> Callable:
    """`f`, whose gradient computes again what `f` computed on the way, and keeps its arguments alone."""
    return jax.checkpoint(f)


class RematScope:
    """Layers that are made in the block forget what they compute, and compute it again for their gradient.

    Args:
        mode: `"full"`: all of them; `"list_of_layers"`: those named in `layer_names`; `"larger_than"`: those whose
            output has more elements than `output_size_threshold`; `"activations"`: only the layers' activations;
            None: none, within a scope that says otherwise.

    Raises:
        ValueError: another mode.

    Reference: Chen et al., 2016, arXiv:1604.06174.
    """

    def __init__(self, mode="full", output_size_threshold=1024, layer_names=None):
        if mode not in MODES:
            raise ValueError(
                report(
                    f"Invalid mode {mode!r}.",
                    expected=" or ".join(map(repr, MODES)),
                    fix=did_you_mean(str(mode), [each for each in MODES if each]),
                )
            )
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or [])
        self._entered: list[AbstractContextManager] = []

    def __enter__(self) -> "RematScope":
        self._entered.append(scope.enter(remat=self if self.mode else None))
        self._entered[-1].__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._entered.pop().__exit__(*exc)

    def structure(self) -> tuple:
        """What compiled programs depend on."""
        return ("remat", self.mode, self.output_size_threshold, *self.layer_names)

    def __deepcopy__(self, memo: dict) -> "RematScope":
        return self

    def call(self, layer: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What `layer.call(*args, **kwargs)` gives, forgotten if the mode says so."""
        if self.mode == "activations":
            return _with_forgetful_activation(layer, args, kwargs)
        return _forgetful(layer, args, kwargs) if self._concerns(layer, args) else layer.call(*args, **kwargs)

    def _concerns(self, layer: Any, args: Sequence[Any]) -> bool:
        if self.mode == "list_of_layers":
            return layer.name in self.layer_names
        if self.mode == "larger_than":
            with stateless([], [], losses=[]):
                spec = jax.eval_shape(layer.call, *args) if not scope.current().inferring else []
            return sum(math.prod(leaf.shape) for leaf in tree_util.tree_leaves(spec)) > self.output_size_threshold
        return True


def _forgetful(layer: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The call as a function of arrays and of the variables' values, so that no array leaves it unseen."""
    variables, here = layer.variables, scope.current()
    leaves, structure = tree_util.tree_flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array)]
    owners: list[Any] = []

    def run(values: list[Any], arrays: list[Any]) -> tuple[Any, list[Any], list[Any]]:
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        args, kwargs = tree_util.tree_unflatten(structure, filled)
        with stateless(variables, values, losses=[]) as table:
            outputs = layer.call(*args, **kwargs)
            losses = scope.current().losses or []
        owners[:] = [owner for owner, _ in losses]
        return outputs, [table[v] for v in variables], [loss for _, loss in losses]

    values = [v.raw() for v in variables]
    outputs, new, losses = jax.checkpoint(run)(values, [leaves[i] for i in places])
    for variable, value in zip(variables, new, strict=True):
        if not variable.trainable:
            variable.assign(value)
    if here.losses is not None:
        here.losses.extend(zip(owners, losses, strict=True))
    return outputs


def _with_forgetful_activation(layer: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    activation = vars(layer).get("activation")
    if not callable(activation):
        return layer.call(*args, **kwargs)
    layer.__dict__["activation"] = jax.checkpoint(activation)
    try:
        return layer.call(*args, **kwargs)
    finally:
        layer.__dict__["activation"] = activation
