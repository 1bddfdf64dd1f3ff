"""Convolutions of each channel by itself, and separable ones, which mix the channels afterwards."""

from tricera.engine.registry import register
from tricera.kernels.conv import conv, depthwise_conv
from tricera.layers.arguments import check_positive, weight
from tricera.layers.conv import SpatialFilter


class _DepthwiseConv(SpatialFilter):
    """Base of the depthwise convolutions."""

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._adopt(locals())
        check_positive(self, depth_multiplier=depth_multiplier)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self._check_window(input_shape)
        self.kernel = weight(self, "kernel", (*self.kernel_size, channels, self.depth_multiplier), options="depthwise")
        self.bias = weight(self, "bias", (channels * self.depth_multiplier,)) if self.use_bias else None

    def call(self, inputs):
        kernel = self.kernel.value
        outputs = depthwise_conv(inputs, kernel, self.strides, self.padding, self.data_format, self.dilation_rate)
        return self._finish(outputs)


@register("layer")
class DepthwiseConv1D(_DepthwiseConv):
    """Each channel's steps convolved by `depth_multiplier` filters of its own.

    Shapes: `(batch, steps, channels) -> (batch, new_steps, channels * depth_multiplier)`.
    """

    rank = 1
    paddings = ("valid", "same", "causal")


@register("layer")
class DepthwiseConv2D(_DepthwiseConv):
    """Each channel of an image convolved by `depth_multiplier` filters of its own."""

    rank = 2


class _SeparableConv(SpatialFilter):
    """Base of the separable convolutions."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._adopt(locals())
        check_positive(self, filters=filters, depth_multiplier=depth_multiplier)

    def build(self, input_shape):
        channels, ones = self._channels(input_shape), (1,) * self.rank
        self._check_window(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = weight(self, "depthwise_kernel", shape, options="depthwise")
        shape = (*ones, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = weight(self, "pointwise_kernel", shape, options="pointwise")
        self.bias = weight(self, "bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        kernel = self.depthwise_kernel.value
        outputs = depthwise_conv(inputs, kernel, self.strides, self.padding, self.data_format, self.dilation_rate)
        return self._finish(conv(outputs, self.pointwise_kernel.value, data_format=self.data_format))


@register("layer", "SeparableConvolution1D")
class SeparableConv1D(_SeparableConv):
    """A depthwise convolution of steps, then one of window 1 over all channels.

    Shapes: `(batch, steps, channels) -> (batch, new_steps, filters)`.
    """

    rank = 1
    paddings = ("valid", "same", "causal")


@register("layer", "SeparableConvolution2D")
class SeparableConv2D(_SeparableConv):
    """A depthwise convolution of images, then one of window 1 over all channels.

    Reference: Chollet, 2017, arXiv:1610.02357.
    """

    rank = 2


SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
