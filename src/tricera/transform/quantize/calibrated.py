"""Weights that were rounded with an eye on the inputs that they meet."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from tricera.quantizers import pack_int4, unpack_int4
from tricera.quantizers.groups import from_groups
from tricera.transform.quantize import awq, gptq
from tricera.transform.quantize.terms import Terms

# What is looked at, and how a matrix is rounded then.
METHODS: dict[str, Any] = {"gptq": (gptq.Hessian, gptq.quantized), "awq": (awq.Largest, awq.quantized)}


class Calibrated:
    """What a layer computes with a matrix of few bits: rows are what its products add up, columns its outputs.

    Args:
        shape: the weight's.
        order: the weight's axes: those that are added up, then the others.
    """

    quantizer = None

    def __init__(self, shape: tuple[int, ...], order: list[int], columns: int, bits: int):
        self.shape, self.order, self.columns, self.bits = shape, order, columns, bits

    @classmethod
    def of(cls, layer: Any, config: Any, seen: Any = None) -> "Calibrated":
        """That of a layer whose floats it replaces.

        Args:
            seen: what its inputs are like; where it has seen none, numbers are rounded to the nearest.
        """
        weight = np.asarray(getattr(layer, layer.adapted).raw())
        terms = Terms.of(layer.equation)
        summed = terms.summed(terms.weight)
        order = [*summed, *(axis for axis in range(weight.ndim) if axis not in summed)]
        rows, columns = terms.rows_and_columns(weight.shape)
        statistics, rounded = METHODS[config.mode]
        found = rounded(weight.transpose(order).reshape(rows, columns), seen or statistics(rows), config)
        numbers = found["numbers"].astype("uint8")
        arrays = {
            "quantized_kernel": pack_int4(numbers, axis=0, dtype="uint8")[0] if config.weight_bits == 4 else numbers,
            "kernel_scale": found["scale"].astype(weight.dtype),
            "kernel_zero": found["zero"].astype("uint8"),
            **({"awq_scales": found["factors"].astype(weight.dtype)} if "factors" in found else {}),
            "g_idx": found["group"],
        }
        names = {"quantized_kernel": "kernel"}
        if hasattr(layer, "gptq_unpacked_column_size"):  # EinsumDense
            names["kernel_zero"] = "zero_point"
            layer.gptq_unpacked_column_size = columns if config.mode == "gptq" else None
        layer._replace(layer.adapted, arrays, names)
        return cls(weight.shape, order, columns, config.weight_bits)

    def numbers(self, layer: Any) -> Any:
        """The whole numbers: `(columns, rows)`."""
        numbers = layer.quantized_kernel.value
        return unpack_int4(numbers, self.columns, 0, "uint8") if self.bits == 4 else numbers

    def product(self, layer: Any, inputs: Any) -> Any:
        """`einsum(equation, x, weight)`."""
        inputs = jnp.asarray(inputs)
        scale, zero = layer.kernel_scale.value, layer.kernel_zero.value
        matrix = from_groups(self.numbers(layer), scale, zero, layer.g_idx, -1).T
        if hasattr(layer, "awq_scales"):
            matrix = matrix / layer.awq_scales.value[:, None]
        sizes = [self.shape[axis] for axis in self.order]
        weight = matrix.reshape(sizes).transpose(np.argsort(self.order)).astype(inputs.dtype)
        return jnp.einsum(Terms.of(layer.equation, inputs.ndim).equation, inputs, weight)
