"""Weights as integers of 8 or 4 bits."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera.quantizers import (
    AbsMaxQuantizer,
    abs_max_quantize_grouped_with_zero_point,
    pack_int4,
    unpack_int4,
)
from tricera.quantizers.groups import from_groups, group_of_each
from tricera.transform.quantize.terms import Terms, laid

_RANGES = {8: (-127, 127), 4: (-8, 7)}
# How the rows of a table, and the sums that read it backwards, come from it; and from a table of its own.
_TIED, _UNTIED = "...y,xy->...x", "...y,yx->...x"


class Kept:
    """A weight as whole numbers: the variables that hold them, and how the weight comes from them.

    Args:
        name: the weight's; the numbers are the attribute `place`.
        equation: the product that the weight is for: what it adds up shares a scale.
        block: with 4 bits, how many numbers share a scale and a zero; None: all that a sum is over share a scale.
        packed: with 4 bits, the axis along which two numbers share a byte.
    """

    def __init__(
        self, name: str, place: str, shape: tuple, equation: str, bits: int, block: int | None = None, packed: int = 1
    ):
        self.name, self.place, self.shape, self.bits, self.packed = name, place, shape, bits, packed
        self.block = block if block and block > 0 else None
        self.terms = Terms.of(equation)
        rows, columns = self.terms.rows_and_columns(shape)
        # Files have the matrix of rows and columns as the weight's numbers lie, whichever axes are added up.
        self.axis = 1 if equation == _TIED else 0
        self.matrix = (columns, rows) if self.axis else (rows, columns)

    def split(self, weight: Any, quantizer: Any = None) -> dict[str, Any]:
        """The arrays that hold a weight, by attribute."""
        quantizer = quantizer or AbsMaxQuantizer(value_range=_RANGES[self.bits])
        if self.bits == 8:
            axes = self.terms.summed(self.terms.weight)
            numbers, scale = map(np.asarray, quantizer(weight, axis=axes, to_numpy=True))
            return {self.place: numbers, f"{self.name}_scale": laid(scale, self.terms.weight, self.terms.outputs)}
        matrix = weight.reshape(self.matrix)
        if self.block is None:
            numbers, scale = map(np.asarray, quantizer(matrix, axis=self.axis, to_numpy=True))
            found = {f"{self.name}_scale": scale.squeeze(self.axis)}
        else:
            across = matrix.T if self.axis else matrix
            parts = abs_max_quantize_grouped_with_zero_point(across, self.block, to_numpy=True)
            numbers, scale, zero = (part.T if self.axis else part for part in parts)
            found = {f"{self.name}_scale": scale, f"{self.name}_zero": zero}
            if self.place != self.name:  # a second weight has the groups of the first
                found["g_idx"] = group_of_each(self.matrix[self.axis], self.block)
            else:
                found[f"{self.name}_zero"] = zero.astype(scale.dtype)
        return {self.place: pack_int4(numbers, axis=self.packed)[0], **found}

    def numbers(self, layer: Any) -> Any:
        """The whole numbers, in the weight's shape."""
        return self._numbers(layer).reshape(self.shape)

    def _numbers(self, layer: Any) -> Any:
        numbers = getattr(layer, self.place).value
        return numbers if self.bits == 8 else unpack_int4(numbers, self.matrix[self.packed], self.packed)

    def floats(self, layer: Any, dtype: Any) -> Any:
        """The weight as the numbers have it."""
        numbers, scale = self._numbers(layer), getattr(layer, f"{self.name}_scale").value
        if self.bits == 8:
            return (numbers.astype(dtype) / laid(scale, self.terms.outputs, self.terms.weight)).astype(dtype)
        if self.block is None:
            floats = numbers.astype(dtype) / jnp.expand_dims(scale, self.axis)
        else:
            floats = from_groups(numbers, scale, getattr(layer, f"{self.name}_zero").value, layer.g_idx, self.axis)
        return floats.astype(dtype).reshape(self.shape)

    def rows(self, layer: Any, indices: Any) -> Any:
        """Rows of the weight, as floats."""
        dtype, length = layer.compute_dtype, self.shape[1]
        numbers, scale = (
            jnp.take(getattr(layer, name).value, indices, axis=0) for name in (self.place, f"{self.name}_scale")
        )
        if self.bits == 4:
            numbers = unpack_int4(numbers, length, -1)
        if self.block is None:
            return numbers.astype(dtype) / scale[..., None].astype(dtype)
        zero = jnp.take(getattr(layer, f"{self.name}_zero").value, indices, axis=0)
        return from_groups(numbers.astype(dtype), scale, zero, layer.g_idx, -1).astype(dtype)

    def product(self, layer: Any, equation: str, inputs: Any, quantizer: Any) -> Any:
        """`einsum(equation, x, weight)`; with a quantizer of the inputs, of their whole numbers.

        Its gradient is that of the product of floats.
        """
        terms = Terms.of(equation, inputs.ndim)

        def with_floats(x: Any) -> Any:
            return jnp.einsum(terms.equation, x, self.floats(layer, x.dtype))

        @jax.custom_vjp
        def with_numbers(x: Any) -> Any:
            values, x_scale = quantizer(x, axis=terms.summed(terms.inputs))
            x_scale = laid(x_scale, terms.inputs, terms.outputs)
            if self.bits == 4:
                return (with_floats(values.astype(x.dtype)) / x_scale).astype(x.dtype)
            sums = jnp.einsum(terms.equation, values, self._numbers(layer), preferred_element_type="int32")
            scale = laid(getattr(layer, f"{self.name}_scale").value, self.terms.outputs, terms.outputs)
            return (sums / (x_scale * scale.astype(x.dtype))).astype(x.dtype)

        def back(_: Any, gradient: Any) -> Any:
            return jax.linear_transpose(with_floats, inputs)(gradient)

        with_numbers.defvjp(lambda x: (with_numbers(x), None), back)
        return with_floats(inputs) if quantizer is None else with_numbers(inputs)


class Integers:
    """What a layer computes with integers: products, rows of a table, and the table backwards.

    Args:
        quantizer: of the inputs; None: they stay floats.
    """

    def __init__(self, weights: list[Kept], quantizer: Any):
        self.weights, self.quantizer = weights, quantizer

    @classmethod
    def of(cls, layer: Any, config: Any) -> "Integers":
        """Those of a layer whose floats they replace; `config` is of 8 or of 4 bits."""
        bits, block, name = int(config.mode[-1]), getattr(config, "block_size", None), layer.adapted
        shape = getattr(layer, name).shape
        weights = [Kept(name, f"_{name}", shape, layer.equation or _TIED, bits, block)]
        if hasattr(layer, "reverse_embeddings"):
            weights.append(Kept("reverse_embeddings", "reverse_embeddings", shape[::-1], _UNTIED, bits, block, 0))
        for kept in weights:
            arrays = kept.split(np.asarray(getattr(layer, kept.name).raw()), config.weight_quantizer)
            layer._replace(kept.name, arrays)
        return cls(weights, config.activation_quantizer)

    def numbers(self, layer: Any) -> Any:
        """The whole numbers of the layer's weight."""
        return self.weights[0].numbers(layer)

    def merged(self, layer: Any) -> dict[str, Any]:
        """The arrays of the weight with what the adapters add to it."""
        kept = self.weights[0]
        whole = kept.floats(layer, "float32") + getattr(layer, kept.place).added()
        return kept.split(np.asarray(whole), layer.quantization_config.weight_quantizer)

    def product(self, layer: Any, inputs: Any) -> Any:
        """`einsum(equation, x, weight)`."""
        kept, inputs = self.weights[0], jnp.asarray(inputs)
        return self._adapted(layer, inputs, layer.equation, kept.product(layer, layer.equation, inputs, self.quantizer))

    def rows(self, layer: Any, indices: Any) -> Any:
        """Rows of the table."""
        rows = self.weights[0].rows(layer, indices)
        if adapters := getattr(layer, self.weights[0].place).adapters:
            a, b, scale = adapters
            rows = rows + scale * (jnp.take(a.value, indices, axis=0) @ b.value)
        return rows.astype(layer.compute_dtype)

    def logits(self, layer: Any, inputs: Any) -> Any:
        """`x @ table.T`, or `x @ table` of the second table."""
        inputs = jnp.asarray(inputs)
        if len(self.weights) > 1:
            return self.weights[1].product(layer, _UNTIED, inputs, self.quantizer).astype(layer.compute_dtype)
        outputs = self.weights[0].product(layer, _TIED, inputs, self.quantizer)
        return self._adapted(layer, inputs, _TIED, outputs).astype(layer.compute_dtype)

    def _adapted(self, layer: Any, inputs: Any, equation: str, outputs: Any) -> Any:
        numbers = getattr(layer, self.weights[0].place)
        if numbers.adapters is None:
            return outputs
        added = jnp.einsum(Terms.of(equation, inputs.ndim).equation, inputs, numbers.added())
        return (outputs + added).astype(outputs.dtype)
