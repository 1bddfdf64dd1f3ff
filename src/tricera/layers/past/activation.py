"""Activations of Keras 1 and 2: another hard sigmoid, and four with parameters."""

from typing import Any

from tricera import ops
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, weight


@register("activation")
def hard_sigmoid_v2(x: Any) -> Any:
    """`0.2 * x + 0.5`, cut at 0 and 1; Keras 3's has the slope 1/6.

    Reference: Courbariaux et al., 2015, arXiv:1511.00363, has the slope 1/2.
    """
    return ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0.0, 1.0)


@register("layer")
class ThresholdedReLU(Layer):
    """`x` where it is above `theta`, else 0.

    Reference: Konda et al., 2014, arXiv:1402.3337.
    """

    stateless = True
    supports_masking = True

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())

    def call(self, inputs):
        return ops.where(inputs > self.theta, inputs, 0.0)


class _Learned(Layer):
    """Base of the activations that learn parameters for each place of the input."""

    supports_masking = True
    parameters: tuple[str, ...]

    def build(self, input_shape):
        for name in self.parameters:
            shape = [1 if axis in (self.shared_axes or ()) else size for axis, size in enumerate(input_shape)]
            setattr(self, name, weight(self, name, shape[1:]))


@register("layer")
class ParametricSoftplus(_Learned):
    """`alpha * log(1 + exp(beta * x))`, both learned.

    Reference: McFarland et al., 2013, "Inferring nonlinear neuronal computation based on physiologically plausible
    inputs".
    """

    parameters = ("alpha", "beta")

    def __init__(self, alpha_init=0.2, beta_init=5.0, shared_axes=None, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        self.alpha_initializer, self.beta_initializer = (
            {"class_name": "Constant", "config": {"value": value}} for value in (alpha_init, beta_init)
        )

    def call(self, inputs):
        return self.alpha.value * ops.softplus(self.beta.value * inputs)


@register("layer")
class SReLU(_Learned):
    """`t_r + a_r * (x - t_r)` above `t_r`, `t_l + a_l * (x - t_l)` below `t_l`, `x` between; all four learned.

    Reference: Jin et al., 2015, arXiv:1512.07030.
    """

    parameters = ("t_left", "a_left", "t_right", "a_right")

    def __init__(
        self,
        t_left_init="zero",
        a_left_init="glorot_uniform",
        t_right_init="glorot_uniform",
        a_right_init="one",
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        adopt(self, locals())
        self.t_left_initializer, self.a_left_initializer = t_left_init, a_left_init
        self.t_right_initializer, self.a_right_initializer = t_right_init, a_right_init

    def call(self, inputs):
        left, right = self.t_left.value, self.t_left.value + ops.absolute(self.t_right.value)  # so that left <= right
        below = left + self.a_left.value * (inputs - left)
        above = right + self.a_right.value * (inputs - right)
        return ops.where(inputs < left, below, ops.where(inputs > right, above, inputs))
