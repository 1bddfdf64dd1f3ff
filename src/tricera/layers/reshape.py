"""Layers that move elements to other places."""

import math

from tricera import ops
from tricera.engine.inputs import InputSpec
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, is_whole, mistake


@register("layer")
class Flatten(Layer):
    """All axes but the first as one.

    Shapes: `(batch, a, b, ...) -> (batch, a * b * ...)`, `(batch,) -> (batch, 1)`.

    Args:
        data_format: with `"channels_first"` channels are moved last before, so that both formats agree.
    """

    stateless = True

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        if self.data_format == "channels_first" and inputs.ndim > 2:
            inputs = ops.moveaxis(inputs, 1, -1)
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


@register("layer")
class Reshape(Layer):
    """The elements of each sample in another shape.

    Shapes: `(batch, ...) -> (batch, *target_shape)`.

    Args:
        target_shape: without the batch axis; one size may be -1: what remains.

    Raises:
        ValueError: the number of elements would change.
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = (int(target_shape),) if is_whole(target_shape) else tuple(target_shape)
        sound = all(size is None or (is_whole(size) and size >= -1) for size in self.target_shape)
        if not sound or self.target_shape.count(-1) > 1:
            what = "a size is a non-negative integer, or -1 for at most one unknown dimension"
            what = f"{what}: target_shape={target_shape!r}."
            raise mistake(self, what, expected="sizes such as (3, -1)")

    def build(self, input_shape):
        given, fixed = input_shape[1:], math.prod(size for size in self.target_shape if size != -1)
        if None in given or None in self.target_shape:
            return
        total = math.prod(given)
        if total % fixed if -1 in self.target_shape and fixed else total != fixed:
            what = "The total size of the tensor must be unchanged."
            expected = f"{total} elements in each sample, as in input_shape={tuple(given)}"
            raise mistake(self, what, expected=expected, got=f"target_shape={self.target_shape}")

    def call(self, inputs):
        return ops.reshape(inputs, (inputs.shape[0], *self.target_shape))


@register("layer")
class Permute(Layer):
    """The axes of each sample in another order.

    Args:
        dims: counted from 1, without the batch axis: `(2, 1)` swaps the first two.

    Raises:
        ValueError: `dims` is no order of `1, 2, ...`.
    """

    stateless = True

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        axes = tuple(range(1, len(self.dims) + 1))
        if tuple(sorted(self.dims)) != axes:
            what = "Invalid permutation argument `dims`."
            raise mistake(self, what, expected=f"an order of {axes}", got=repr(dims))
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return ops.transpose(inputs, (0, *self.dims))


@register("layer")
class RepeatVector(Layer):
    """Each sample `n` times.

    Shapes: `(batch, features) -> (batch, n, features)`.
    """

    stateless = True
    input_axes = ("batch", "features")

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if not is_whole(n):
            raise mistake(self, "Expected an integer value for `n`.", kind=TypeError, got=f"{n!r} ({type(n).__name__})")
        adopt(self, locals())
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)
