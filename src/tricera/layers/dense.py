"""Affine maps of features."""

import copy
import string
from typing import Any

from tricera import ops
from tricera.engine.inputs import InputSpec
from tricera.engine.registry import register
from tricera.layers.arguments import activated, adopt, mistake, weight
from tricera.transform.quantize.layer import Quantizable, or_quantized


@register("layer")
class Dense(Quantizable):
    """`activation(x @ kernel + bias)`, over the last axis.

    Shapes: `(batch, ..., features) -> (batch, ..., units)`; kernel `(features, units)`, bias `(units,)`.

    Raises:
        ValueError: `units` is no positive integer; `features` is unknown.
    """

    supports_masking = True
    input_axes = ("batch", "features")
    config_if_set = ("activity_regularizer", "lora_rank", "lora_alpha")

    def __init__(
        self,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        adopt(self, locals())
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape):
        if input_shape[-1] is None:
            what = "The last dimension of the inputs to a Dense layer should be defined."
            raise mistake(self, what, got=f"input shape {tuple(input_shape)}")
        self.kernel = weight(self, "kernel", (input_shape[-1], self.units))
        self.bias = weight(self, "bias", (self.units,)) if self.use_bias else None
        self.input_spec = InputSpec(min_ndim=2, axes={-1: input_shape[-1]})
        self._finish_build()

    def call(self, inputs, training=None):
        outputs = self._product(inputs)
        return activated(self, outputs if self.bias is None else ops.add(outputs, self.bias))

    @or_quantized
    def _product(self, inputs: Any) -> Any:
        return ops.matmul(inputs, self.kernel)


@register("layer")
class EinsumDense(Quantizable):
    """`activation(einsum(equation, x, kernel) + bias)`.

    Args:
        equation: such as `"abc,cd->abd"`: input, kernel and output; `...` stands for any axes.
        output_shape: the sizes of the output without the batch axis; None where unknown.
        bias_axes: the letters of the output's axes that the bias has; no bias where None.

    Raises:
        ValueError: the equation is not of that form, or does not fit the shapes.
    """

    config_if_set = ("lora_rank", "lora_alpha", "gptq_unpacked_column_size")

    def __init__(
        self,
        equation,
        output_shape,
        activation=None,
        bias_axes=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        gptq_unpacked_column_size=None,
        quantization_config=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        del output_shape  # `layer.output_shape` is that of its symbolic output
        adopt(self, locals())

    def build(self, input_shape):
        kernel_shape, bias_shape = self._shapes(tuple(input_shape))
        initializer = self._with_fans(self.kernel_initializer, len(input_shape))
        self.kernel = weight(self, "kernel", kernel_shape, initializer=initializer)
        self.bias = None if bias_shape is None else weight(self, "bias", bias_shape)
        self._finish_build()

    def call(self, inputs, training=None):
        outputs = self._product(inputs)
        return activated(self, outputs if self.bias is None else ops.add(outputs, self.bias))

    @or_quantized
    def _product(self, inputs: Any) -> Any:
        return ops.einsum(self.equation, inputs, self.kernel)

    def get_config(self):
        config = {"activity_regularizer": None, **super().get_config()}
        return {**config, "output_shape": self.partial_output_shape}

    def _with_fans(self, initializer: Any, ndim: int) -> Any:
        """`initializer` told which of the kernel's axes are inputs and which are outputs, if it asks."""
        if getattr(initializer, "input_axes", 0) is not None or initializer.output_axes is not None:
            return initializer
        inputs, kernel, outputs = self._letters(ndim)
        told = copy.copy(initializer)
        told.input_axes = [axis for axis, letter in enumerate(kernel) if letter in inputs and letter not in outputs]
        told.output_axes = [axis for axis, letter in enumerate(kernel) if letter in outputs and letter not in inputs]
        return told

    def _shapes(self, input_shape: tuple) -> tuple[list[int], list[int] | None]:
        """The shapes of kernel and bias, from the letters' sizes."""
        inputs, kernel, outputs = self._letters(len(input_shape))
        known = dict(zip(inputs, input_shape, strict=True))
        free = "".join(letter for letter in outputs if letter not in self.equation)  # what the ellipsis stands for
        named = outputs.removesuffix(free)  # `output_shape` leaves out an ellipsis at the end
        tail = named[len(named) - len(self.partial_output_shape) :]
        for letter, size in zip(tail, self.partial_output_shape, strict=True):
            if size is not None and known.get(letter) not in (None, size):
                what = f"Input shape and output shape do not match at shared dimension {letter!r}."
                got = f"{size} in `output_shape`, {self.partial_output_shape}"
                raise mistake(self, what, expected=f"{known[letter]} as in the input, {input_shape}", got=got)
            known[letter] = size if size is not None else known.get(letter)
        for letter in kernel:
            if letter not in known:
                what = f"Weight dimension {letter!r} did not have a match in either the input spec {inputs!r} or the "
                what += f"output spec {outputs!r}. The weight must be fully specified."
                raise mistake(self, what, got=f"equation={self.equation!r}")
        return [known[letter] for letter in kernel], self._bias_shape(outputs, known)

    def _bias_shape(self, outputs: str, known: dict[str, Any]) -> list[int] | None:
        if self.bias_axes is None:
            return None
        if missing := [letter for letter in self.bias_axes if letter not in outputs]:
            what = f"Bias dimension {missing[0]!r} was requested, but is not part of the output spec."
            raise mistake(self, what, expected=f"letters of {outputs!r}", got=f"bias_axes={self.bias_axes!r}")
        first = min(outputs.index(letter) for letter in self.bias_axes)
        return [known[letter] if letter in self.bias_axes else 1 for letter in outputs[first:]]

    def _letters(self, ndim: int) -> tuple[str, str, str]:
        """The three terms of the equation; an ellipsis becomes letters that it does not use."""
        left, arrow, outputs = self.equation.replace(" ", "").partition("->")
        inputs, comma, kernel = left.partition(",")
        if not arrow or not comma or "," in kernel:
            expected = 'the form "input,kernel->output", such as "ab,bc->ac"'
            raise mistake(self, f"Invalid einsum equation {self.equation!r}.", expected=expected)
        free = [letter for letter in string.ascii_letters if letter not in self.equation]
        dots = "".join(free[: ndim - len(inputs.replace("...", ""))])
        terms = inputs.replace("...", dots), kernel, outputs.replace("...", dots)
        if len(terms[0]) != ndim:
            what = f"the input does not fit {self.equation!r}."
            raise mistake(self, what, expected=f"ndim={len(inputs)}", got=f"ndim={ndim}")
        return terms
