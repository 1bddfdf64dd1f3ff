"""Zeros around, borders off, and finer grids, over one, two or three spatial axes."""

from collections.abc import Sequence
from typing import Any

from tricera import ops
from tricera.engine.inputs import InputSpec
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, check_choice, is_whole, mistake, sizes, spatial_axes


class _Spatial(Layer):
    """Base: `rank` spatial axes, before or after the channels."""

    rank: int

    def __init__(self, data_format: str | None, **kwargs: Any):
        super().__init__(**kwargs)
        adopt(self, {"data_format": data_format})
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self.input_axes = spatial_axes(self.rank, self.data_format)

    def _everywhere(self, spatial: Sequence[Any], other: Any) -> list[Any]:
        """One item for each axis: `other` for batch and channels."""
        if self.data_format == "channels_first":
            return [other, other, *spatial]
        return [other, *spatial, other]

    def _pairs(self, name: str, value: Any) -> tuple:
        """`(before, after)` for each spatial axis, from one number, one for each axis, or the pairs.

        Raises:
            ValueError: none of these.
        """
        each = (value,) * self.rank if is_whole(value) else value
        if self.rank == 1 and isinstance(value, list | tuple) and len(value) == 2:
            each = (value,)
        fits = isinstance(each, list | tuple) and len(each) == self.rank
        pairs = tuple((item, item) if is_whole(item) else item for item in each) if fits else ()
        if not pairs or not all(
            isinstance(pair, list | tuple) and len(pair) == 2 and all(is_whole(n) and n >= 0 for n in pair)
            for pair in pairs
        ):
            raise mistake(
                self,
                f"the `{name}` argument does not say how much on each side.",
                expected=f"a non-negative integer, or for each of {self.rank} axes one or a pair",
                got=repr(value),
            )
        return tuple((int(before), int(after)) for before, after in pairs)


class _ZeroPadding(_Spatial):
    """Base of the layers that put zeros around."""

    def __init__(self, padding: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format, **kwargs)
        self._around = self._pairs("padding", padding)
        self.padding = self._around[0] if self.rank == 1 else self._around

    def call(self, inputs):
        return ops.pad(inputs, self._everywhere(self._around, (0, 0)))


@register("layer")
class ZeroPadding1D(_ZeroPadding):
    """`padding` zero steps before and after: `(batch, steps, channels) -> (batch, more, channels)`."""

    rank = 1

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


@register("layer")
class ZeroPadding2D(_ZeroPadding):
    """Zeros around images; `padding` is one number, `(height, width)` or `((top, bottom), (left, right))`."""

    rank = 2

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


@register("layer")
class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes."""

    rank = 3

    def __init__(self, padding=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


class _Cropping(_Spatial):
    """Base of the layers that take borders off."""

    def __init__(self, cropping: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(data_format, **kwargs)
        self._borders = self._pairs("cropping", cropping)
        self.cropping = self._borders[0] if self.rank == 1 else self._borders

    def build(self, input_shape):
        for size, border in zip(input_shape, self._everywhere(self._borders, (0, 0)), strict=True):
            if size is not None and sum(border) >= size > 0:
                raise mistake(
                    self,
                    "Values in `cropping` argument should be smaller than the corresponding "
                    "spatial dimension of the input.",
                    expected=f"less than {size} off an axis of size {size}, of input_shape={tuple(input_shape)}",
                    got=f"cropping={self.cropping}",
                )

    def call(self, inputs):
        around = self._everywhere(self._borders, (0, 0))
        return inputs[
            tuple(slice(before, size - after) for size, (before, after) in zip(inputs.shape, around, strict=True))
        ]


@register("layer")
class Cropping1D(_Cropping):
    """`cropping` steps off the start and the end: `(batch, steps, channels) -> (batch, fewer, channels)`."""

    rank = 1

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(cropping, "channels_last", **kwargs)


@register("layer")
class Cropping2D(_Cropping):
    """Borders off images; `cropping` is one number, `(height, width)` or `((top, bottom), (left, right))`."""

    rank = 2

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


@register("layer")
class Cropping3D(_Cropping):
    """Borders off volumes."""

    rank = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


class _UpSampling(_Spatial):
    """Base of the layers that repeat each place `size` times along each axis."""

    def __init__(self, size: Any, data_format: str | None, **kwargs: Any):
        super().__init__(data_format, **kwargs)
        self.size = sizes(self, self.rank, size=size)

    def call(self, inputs):
        for axis, times in enumerate(self._everywhere(self.size, 1)):
            if times != 1:
                inputs = ops.repeat(inputs, times, axis=axis)
        return inputs


@register("layer")
class UpSampling1D(_UpSampling):
    """Each step `size` times: `(batch, steps, channels) -> (batch, steps * size, channels)`."""

    rank = 1

    def __init__(self, size=2, **kwargs):
        super().__init__(size, "channels_last", **kwargs)
        self._times, self.size = self.size, self.size[0]

    def _everywhere(self, spatial, other):
        return [other, *self._times, other]


@register("layer")
class UpSampling2D(_UpSampling):
    """Images `size` times as high and wide.

    Args:
        interpolation: `"nearest"` repeats; `"bilinear"`, `"bicubic"`, `"lanczos3"` and `"lanczos5"` resize.
    """

    rank = 2

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(size, data_format, **kwargs)
        self.interpolation = str(interpolation).lower()
        check_choice(self, ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"), interpolation=self.interpolation)

    def call(self, inputs):
        if self.interpolation == "nearest":
            return super().call(inputs)
        first = 2 if self.data_format == "channels_first" else 1
        target = tuple(inputs.shape[first + axis] * times for axis, times in enumerate(self.size))
        return ops.image.resize(inputs, target, interpolation=self.interpolation, data_format=self.data_format)


@register("layer")
class UpSampling3D(_UpSampling):
    """Volumes `size` times as deep, high and wide."""

    rank = 3

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(size, data_format, **kwargs)
