"""Activations as layers."""

from typing import Any

from tricera import activations, ops
from tricera.engine.inputs import InputSpec
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, check_axes, mistake, weight


class _Elementwise(Layer):
    """Base of the activations without weights."""

    stateless = True
    supports_masking = True


@register("layer")
class Activation(_Elementwise):
    """`activation(x)`.

    Args:
        activation: a function of arrays, or the name of one.
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())

    def call(self, inputs):
        return self.activation(inputs)


@register("layer")
class ReLU(_Elementwise):
    """`x` from `threshold` to `max_value`, `max_value` above, `negative_slope * (x - threshold)` below.

    Raises:
        ValueError: a parameter is negative.
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        _check_not_negative(self, "a negative value", max_value=max_value or 0.0)
        _check_not_negative(self, negative_slope=negative_slope, threshold=threshold)

    def call(self, inputs):
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )


@register("layer")
class LeakyReLU(_Elementwise):
    """`max(x, negative_slope * x)`.

    Reference: Maas et al., 2013, "Rectifier nonlinearities improve neural network acoustic models".
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:  # Keras 2's name
            negative_slope = kwargs.pop("alpha")
        super().__init__(**kwargs)
        adopt(self, locals())
        _check_not_negative(self, negative_slope=negative_slope)

    def call(self, inputs):
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)

    def get_config(self):
        return {**super().get_config(), "negative_slope": self.negative_slope}


@register("layer")
class PReLU(Layer):
    """`max(x, 0) + alpha * min(x, 0)`, alpha learned.

    Args:
        shared_axes: the axes along which one alpha serves all places, such as `[1, 2]` for images.

    Reference: He et al., 2015, arXiv:1502.01852.
    """

    supports_masking = True

    def __init__(
        self, alpha_initializer="Zeros", alpha_regularizer=None, alpha_constraint=None, shared_axes=None, **kwargs
    ):
        super().__init__(**kwargs)
        adopt(self, locals())
        self.shared_axes = list(shared_axes) if isinstance(shared_axes, list | tuple) else shared_axes and [shared_axes]

    def build(self, input_shape):
        shared = self.shared_axes or []
        shape = [1 if axis in shared else size for axis, size in enumerate(input_shape)][1:]
        self.alpha = weight(self, "alpha", shape)
        own = {axis: size for axis, size in enumerate(input_shape) if axis and axis not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=own)

    def call(self, inputs):
        return ops.maximum(inputs, 0) + self.alpha.value * ops.minimum(inputs, 0)


@register("layer")
class ELU(_Elementwise):
    """`x` where positive, else `alpha * (exp(x) - 1)`.

    Reference: Clevert et al., 2015, arXiv:1511.07289.
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())

    def call(self, inputs):
        return activations.elu(inputs, alpha=self.alpha)


@register("layer")
class Softmax(_Elementwise):
    """`exp(x) / sum(exp(x))` over `axis`; where `mask` is False the result is 0.

    Args:
        axis: one axis or several.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        check_axes(self, axis)

    def call(self, inputs, mask=None):
        if mask is not None:
            self._check_mask(mask, inputs)
            lowest = -3e4 if inputs.dtype == "float16" else -1e9
            kept = ops.cast(mask, inputs.dtype)
            return ops.softmax(inputs + (1 - kept) * lowest, axis=self.axis) * kept
        return ops.softmax(inputs, axis=self.axis)

    def _check_mask(self, mask: Any, inputs: Any) -> None:
        """Raise ValueError unless the mask broadcasts to the input."""
        own, shape = tuple(mask.shape), tuple(inputs.shape)
        ends = zip(own[::-1], shape[::-1], strict=False)
        if len(own) > len(shape) or any(isinstance(n, int) and n not in (1, size) for n, size in ends):
            what = "the mask must be broadcastable to the input, and must not have more dimensions."
            raise mistake(self, what, expected=f"mask of shape {shape}", got=own)


def _check_not_negative(layer: Layer, what: str = "None or a negative value", **numbers: float | None) -> None:
    for name, value in numbers.items():
        if value is None or value < 0:
            raise mistake(layer, f"{name} of a {type(layer).__name__} layer cannot be {what}.", got=repr(value))
