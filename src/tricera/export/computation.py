"""A model's prediction as a function of arrays, with the shapes and dtypes of its inputs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax import tree_util

from tricera import machine
from tricera.engine.graph import is_symbolic_leaf
from tricera.engine.inputs import where
from tricera.engine.pure import pure
from tricera.errors import report

OPEN = 3  # the size that open axes get where numbers are compared


@dataclass(frozen=True)
class Computation:
    """What is written: `function(*arrays)` gives a flat tuple of outputs; an open size in a shape is None."""

    label: str
    function: Callable[..., tuple[Any, ...]]
    shapes: list[tuple[int | None, ...]]
    dtypes: list[str]

    def samples(self, open_size: int = OPEN) -> list[np.ndarray]:
        """Random inputs: small whole numbers where indices are expected, else numbers between 0 and 1."""
        random = np.random.default_rng(0)
        arrays = []
        for shape, dtype in zip(self.shapes, self.dtypes, strict=True):
            sizes = [open_size if size is None else size for size in shape]
            whole = np.dtype(dtype).kind in "biu"
            arrays.append((random.integers(0, 2, sizes) if whole else random.random(sizes)).astype(dtype))
        return arrays

    def compare(self, outputs: list[Any], inputs: list[np.ndarray], what: str) -> None:
        """Refuse outputs that are not the model's.

        Raises:
            ValueError: they differ by more than rounding.
        """
        for i, (expected, got) in enumerate(zip(self.function(*inputs), outputs, strict=True)):
            one, other = np.asarray(expected, "float64"), np.asarray(got, "float64")
            if one.shape != other.shape or not np.allclose(one, other, rtol=1e-3, atol=1e-4, equal_nan=True):
                raise ValueError(
                    report(
                        f"{self.label}: {what} does not compute what the model does: nothing is written.",
                        expected=f"output {i}: shape {one.shape}, mean {one.mean():.6g}",
                        got=f"shape {other.shape}, mean {other.mean():.6g}",
                    )
                )


def computation(model: Any, input_signature: Any = None) -> Computation:
    """The prediction of a built model.

    Raises:
        ValueError: it is not built, or nobody said what its inputs are.
    """
    if not model.built:
        raise ValueError(report(f"{where(model)} is not built: it cannot be exported.", fix="call it on data first."))
    given = input_signature if input_signature is not None else _inputs(model)
    leaves, structure = tree_util.tree_flatten(given, is_leaf=_is_spec)
    if len(leaves) == 1 and isinstance(given, list | tuple):
        structure = tree_util.tree_structure(0)
    variables = model.variables
    predict = pure(lambda inputs: model(inputs, training=False), variables, training=False)

    def function(*arrays: Any) -> tuple[Any, ...]:
        with machine.portable():
            outputs, _ = predict([v.raw() for v in variables], tree_util.tree_unflatten(structure, arrays))
        return tuple(tree_util.tree_leaves(outputs))

    shapes = [tuple(leaf.shape) for leaf in leaves]
    return Computation(where(model), function, shapes, [str(leaf.dtype or "float32") for leaf in leaves])


def _is_spec(value: Any) -> bool:
    return is_symbolic_leaf(value) or (hasattr(value, "shape") and hasattr(value, "dtype"))


def _inputs(model: Any) -> Any:
    function = getattr(model, "_function", None)
    if function is not None:
        return function._inputs_struct
    shape = (model.get_build_config() or {}).get("input_shape")
    if getattr(model, "inputs", None):
        return list(model.inputs)
    if shape is not None and all(size is None or isinstance(size, int) for size in shape):
        return [jax.ShapeDtypeStruct((None, *shape[1:]), model.compute_dtype)]
    raise ValueError(
        report(f"{where(model)} does not say what its inputs are.", fix="`model.export(..., input_signature=[...])`.")
    )
