"""Dense layers of Keras 1: Highway, MaxoutDense."""

import jax.numpy as jnp

from tricera import ops
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, check_positive, weight


@register("layer")
class Highway(Layer):
    """`t * activation(x @ kernel + bias) + (1 - t) * x`, with the gate `t = sigmoid(x @ carry_kernel + carry_bias)`.

    Shapes: `(batch, features)`, unchanged.

    Args:
        transform_bias: where `carry_bias` starts; the lower, the more is carried through.

    Reference: Srivastava et al., 2015, arXiv:1505.00387.
    """

    def __init__(
        self,
        activation="linear",
        transform_bias=-2,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        adopt(self, locals())

    def build(self, input_shape):
        size = input_shape[-1]
        self.kernel = weight(self, "kernel", (size, size))
        self.carry_kernel = weight(self, "carry_kernel", (size, size), "kernel")
        self.bias = self.carry_bias = None
        if self.use_bias:
            self.bias = weight(self, "bias", (size,))
            start = {"class_name": "Constant", "config": {"value": self.transform_bias}}
            self.carry_bias = weight(self, "carry_bias", (size,), "bias", initializer=start)

    def call(self, inputs):
        gate, new = inputs @ self.carry_kernel.value, inputs @ self.kernel.value
        if self.use_bias:
            gate, new = gate + self.carry_bias.value, new + self.bias.value
        gate = ops.sigmoid(gate)
        return gate * self.activation(new) + (1 - gate) * inputs


@register("layer")
class MaxoutDense(Layer):
    """`max_k(x @ kernel[k] + bias[k])`: the highest of several dense layers.

    Shapes: `(batch, features) -> (batch, units)`; kernel `(pieces, features, units)`.

    Reference: Goodfellow et al., 2013, arXiv:1302.4389.
    """

    def __init__(
        self,
        units,
        pieces=4,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        adopt(self, locals())
        check_positive(self, units=units, pieces=pieces)

    def build(self, input_shape):
        self.kernel = weight(self, "kernel", (self.pieces, input_shape[-1], self.units))
        self.bias = weight(self, "bias", (self.pieces, self.units)) if self.use_bias else None

    def call(self, inputs):
        outputs = jnp.einsum("bi,kio->bko", inputs, self.kernel.value)
        if self.bias is not None:
            outputs = outputs + self.bias.value
        return outputs.max(1)
