"""The largest or the mean element: of windows, of everything, or of a given number of parts."""

from typing import Any

from tricera import ops
from tricera.engine import graph, scope
from tricera.engine.inputs import where
from tricera.engine.registry import register
from tricera.kernels.pool import average_pool, max_pool
from tricera.layers.spatial import Spatial


class _Pool(Spatial):
    """Base: `reduce(window)` for each window over the spatial axes."""

    stateless = True
    reduce: Any

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        strides = pool_size if strides is None else strides
        self._adopt(locals())

    def call(self, inputs):
        self._check_windows(graph.known(inputs.shape), self.pool_size, pool_size=self.pool_size)
        return type(self).reduce(inputs, self.pool_size, self.strides, self.padding, self.data_format)


class _Max(_Pool):
    reduce = staticmethod(max_pool)


class _Average(_Pool):
    reduce = staticmethod(average_pool)


@register("layer", "MaxPool1D")
class MaxPooling1D(_Max, rank=1):
    """The largest element of each window: `(batch, steps, channels) -> (batch, fewer, channels)`.

    Args:
        strides: from window to window; `pool_size` where None.
    """

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


@register("layer", "MaxPool2D")
class MaxPooling2D(_Max, rank=2):
    """The largest element of each window: `(batch, height, width, channels) -> (batch, lower, narrower, channels)`."""

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


@register("layer", "MaxPool3D")
class MaxPooling3D(_Max, rank=3):
    """The largest element of each window of volumes."""

    def __init__(self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)


@register("layer", "AvgPool1D")
class AveragePooling1D(_Average, rank=1):
    """The mean of each window of steps; of the elements inside the input, where `padding="same"`."""


@register("layer", "AvgPool2D")
class AveragePooling2D(_Average, rank=2):
    """The mean of each window of images."""


@register("layer", "AvgPool3D")
class AveragePooling3D(_Average, rank=3):
    """The mean of each window of volumes."""


class _Global(Spatial):
    """Base of the poolings over all spatial axes."""

    stateless = True

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self._adopt(locals())


class _GlobalMax(_Global):
    def call(self, inputs):
        return ops.max(inputs, axis=self._spatial, keepdims=self.keepdims)


class _GlobalAverage(_Global):
    def call(self, inputs):
        return ops.mean(inputs, axis=self._spatial, keepdims=self.keepdims)


@register("layer", "GlobalMaxPool1D")
class GlobalMaxPooling1D(_GlobalMax, rank=1):
    """The largest element of all steps: `(batch, steps, channels) -> (batch, channels)`.

    Args:
        keepdims: whether the axes stay, with size 1.
    """


@register("layer", "GlobalMaxPool2D")
class GlobalMaxPooling2D(_GlobalMax, rank=2):
    """The largest element of each channel of an image."""


@register("layer", "GlobalMaxPool3D")
class GlobalMaxPooling3D(_GlobalMax, rank=3):
    """The largest element of each channel of a volume."""


@register("layer", "GlobalAvgPool1D")
class GlobalAveragePooling1D(_GlobalAverage, rank=1):
    """The mean over all steps, over those that `mask` keeps where there is one."""

    supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        axis = self._spatial
        kept = ops.expand_dims(ops.cast(mask, inputs.dtype), 2 if axis == (1,) else 1)
        total = ops.sum(inputs * kept, axis=axis, keepdims=self.keepdims)
        return total / ops.sum(kept, axis=axis, keepdims=self.keepdims)

    def compute_mask(self, inputs, mask=None):
        return None


@register("layer", "GlobalAvgPool2D")
class GlobalAveragePooling2D(_GlobalAverage, rank=2):
    """The mean of each channel of an image."""


@register("layer", "GlobalAvgPool3D")
class GlobalAveragePooling3D(_GlobalAverage, rank=3):
    """The mean of each channel of a volume."""


class _Adaptive(Spatial):
    """Base of the poolings to a given size: part `i` of `n` is `[floor(i * size / n), ceil((i + 1) * size / n))`."""

    reduce: Any

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self._adopt(locals())

    def call(self, inputs):
        for axis, parts in zip(self._spatial, self.output_size, strict=True):
            inputs = self._part(inputs, axis, parts)
        return inputs

    def _part(self, x: Any, axis: int, parts: int) -> Any:
        size = x.shape[axis]
        scope.spend(where(self), steps=parts)
        slices = [slice(i * size // parts, -(-(i + 1) * size // parts)) for i in range(parts)]
        return ops.stack([self.reduce(x[(slice(None),) * axis + (part,)], axis) for part in slices], axis=axis)


class _AdaptiveAverage(_Adaptive):
    reduce = staticmethod(ops.mean)


class _AdaptiveMax(_Adaptive):
    reduce = staticmethod(ops.max)


@register("layer")
class AdaptiveAveragePooling1D(_AdaptiveAverage, rank=1):
    """The means of `output_size` parts of the steps, which may overlap: `(batch, n, channels)`.

    Args:
        output_size: how many parts, along each axis.
    """


@register("layer")
class AdaptiveAveragePooling2D(_AdaptiveAverage, rank=2):
    """The means of the parts of images."""


@register("layer")
class AdaptiveAveragePooling3D(_AdaptiveAverage, rank=3):
    """The means of the parts of volumes."""


@register("layer")
class AdaptiveMaxPooling1D(_AdaptiveMax, rank=1):
    """The largest elements of `output_size` parts of the steps."""


@register("layer")
class AdaptiveMaxPooling2D(_AdaptiveMax, rank=2):
    """The largest elements of the parts of images."""


@register("layer")
class AdaptiveMaxPooling3D(_AdaptiveMax, rank=3):
    """The largest elements of the parts of volumes."""


MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
