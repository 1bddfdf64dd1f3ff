"""Zeros around, borders off, and finer grids, over one, two or three spatial axes."""

from typing import Any

from tricera import ops
from tricera.engine.registry import register
from tricera.layers.arguments import check_choice, is_whole, mistake
from tricera.layers.spatial import Spatial


class _Bordered(Spatial):
    """Base of the layers that have an argument, `borders`, for how much stands before and after along each axis."""

    borders: str

    def __init__(self, amount: Any, data_format: str | None = "channels_last", **kwargs: Any):
        super().__init__(**kwargs)
        self._adopt({"data_format": data_format})
        pairs = self._pairs(amount)
        setattr(self, self.borders, pairs[0] if self.rank == 1 else pairs)
        self._around = tuple(self._everywhere(pairs, (0, 0)))

    def _pairs(self, value: Any) -> tuple:
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
            what = f"the `{self.borders}` argument does not say how much on each side."
            expected = f"a non-negative integer, or for each of {self.rank} axes one or a pair"
            raise mistake(self, what, expected=expected, got=repr(value))
        return tuple((int(before), int(after)) for before, after in pairs)


class _ZeroPadding(_Bordered):
    """Base of the layers that put zeros around."""

    borders = "padding"

    def call(self, inputs):
        return ops.pad(inputs, self._around)


@register("layer")
class ZeroPadding1D(_ZeroPadding, rank=1):
    """`padding` zero steps before and after: `(batch, steps, channels) -> (batch, more, channels)`."""

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


@register("layer")
class ZeroPadding2D(_ZeroPadding, rank=2):
    """Zeros around images; `padding` is one number, `(height, width)` or `((top, bottom), (left, right))`."""

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


@register("layer")
class ZeroPadding3D(_ZeroPadding, rank=3):
    """Zeros around volumes."""

    def __init__(self, padding=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(padding, data_format, **kwargs)


class _Cropping(_Bordered):
    """Base of the layers that take borders off."""

    borders = "cropping"

    def build(self, input_shape):
        for size, border in zip(input_shape, self._around, strict=True):
            if size is not None and sum(border) >= size > 0:
                what = "should be smaller than the corresponding spatial dimension of the input."
                expected = f"less than {size} off an axis of size {size}, of input_shape={tuple(input_shape)}"
                got = f"cropping={self.cropping}"
                raise mistake(self, f"Values in `cropping` argument {what}", expected=expected, got=got)

    def call(self, inputs):
        sides = zip(inputs.shape, self._around, strict=True)
        return inputs[tuple(slice(before, size - after) for size, (before, after) in sides)]


@register("layer")
class Cropping1D(_Cropping, rank=1):
    """`cropping` steps off the start and the end: `(batch, steps, channels) -> (batch, fewer, channels)`."""

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(cropping, **kwargs)


@register("layer")
class Cropping2D(_Cropping, rank=2):
    """Borders off images; `cropping` is one number, `(height, width)` or `((top, bottom), (left, right))`."""

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


@register("layer")
class Cropping3D(_Cropping, rank=3):
    """Borders off volumes."""

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(cropping, data_format, **kwargs)


class _UpSampling(Spatial):
    """Base of the layers that repeat each place `size` times along each axis."""

    def __init__(self, size: Any, data_format: str | None = "channels_last", **kwargs: Any):
        super().__init__(**kwargs)
        self._adopt({"data_format": data_format, "size": size})
        self._times = self.size

    def call(self, inputs):
        for axis, times in zip(self._spatial, self._times, strict=True):
            if times != 1:
                inputs = ops.repeat(inputs, times, axis=axis)
        return inputs


@register("layer")
class UpSampling1D(_UpSampling, rank=1):
    """Each step `size` times: `(batch, steps, channels) -> (batch, steps * size, channels)`."""

    def __init__(self, size=2, **kwargs):
        super().__init__(size, **kwargs)
        self.size = self.size[0]


@register("layer")
class UpSampling2D(_UpSampling, rank=2):
    """Images `size` times as high and wide.

    Args:
        interpolation: `"nearest"` repeats; `"bilinear"`, `"bicubic"`, `"lanczos3"` and `"lanczos5"` resize.
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(size, data_format, **kwargs)
        self.interpolation = str(interpolation).lower()
        check_choice(self, ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"), interpolation=self.interpolation)

    def call(self, inputs):
        if self.interpolation == "nearest":
            return super().call(inputs)
        target = tuple(inputs.shape[axis] * times for axis, times in zip(self._spatial, self._times, strict=True))
        return ops.image.resize(inputs, target, interpolation=self.interpolation, data_format=self.data_format)


@register("layer")
class UpSampling3D(_UpSampling, rank=3):
    """Volumes `size` times as deep, high and wide."""

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(size, data_format, **kwargs)
