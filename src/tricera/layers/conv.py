"""Convolutions: of all channels, transposed, of each channel by itself, and separable ones, which then mix them."""

from collections.abc import Mapping
from typing import Any

from tricera import ops
from tricera.engine.inputs import InputSpec
from tricera.engine.registry import register
from tricera.kernels.conv import conv, depthwise_conv
from tricera.layers.arguments import activated, check_positive, mistake, sizes, weight
from tricera.layers.spatial import Spatial
from tricera.transform.lora import Adaptable


class SpatialFilter(Spatial):
    """Base of the layers that slide windows over the spatial axes: window, strides, padding, bias, activation."""

    def _adopt(self, given: Mapping[str, Any]) -> None:
        super()._adopt(given)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            what = "`strides > 1` not supported in conjunction with `dilation_rate > 1`."
            raise mistake(self, what, got=f"strides={self.strides} and dilation_rate={self.dilation_rate}")

    def _channels(self, input_shape: Any) -> int:
        """The number of channels, noted in the input spec.

        Raises:
            ValueError: it is unknown.
        """
        axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[axis]
        if channels is None:
            expected = f"({', '.join(self.input_axes)}) with known channels"
            what = "The channel dimension of the inputs should be defined."
            raise mistake(self, what, expected=expected, got=tuple(input_shape))
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _check_window(self, input_shape: Any) -> None:
        """Raise ValueError if the window is larger than the input."""
        windows = [(size - 1) * rate + 1 for size, rate in zip(self.kernel_size, self.dilation_rate, strict=True)]
        self._check_windows(input_shape, windows, kernel_size=self.kernel_size, dilation_rate=self.dilation_rate)

    @property
    def _how(self) -> tuple:
        """How the window slides, as `conv` takes it."""
        return self.strides, self.padding, self.data_format, self.dilation_rate

    def _add_bias(self, channels: int) -> None:
        self.bias = weight(self, "bias", (channels,)) if self.use_bias else None

    def _finish(self, outputs: Any) -> Any:
        """`activation(outputs + bias)`."""
        if self.bias is not None:
            first = self.data_format == "channels_first"
            bias = self.bias.value.reshape((-1, *[1] * self.rank)) if first else self.bias.value
            outputs = outputs + bias
        return activated(self, outputs)


class _Conv(Adaptable, SpatialFilter):
    """Base of the convolutions."""

    config_if_set = ("lora_rank", "lora_alpha")

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
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
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._adopt(locals())
        check_positive(self, groups=groups)
        if filters % groups:
            what = "The number of filters must be evenly divisible by the number of groups."
            raise mistake(self, what, got=f"filters={filters}, groups={groups}")

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if channels % self.groups:
            what = "The number of input channels must be evenly divisible by the number of groups."
            got = f"groups={self.groups}, but the input of shape {tuple(input_shape)} has {channels} channels"
            raise mistake(self, what, got=got)
        self._check_window(input_shape)
        self.kernel = weight(self, "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self._add_bias(self.filters)
        self._adapt_if_asked()

    def convolution_op(self, inputs, kernel):
        """The convolution alone, without bias and activation, with any kernel."""
        return conv(inputs, kernel, *self._how)

    def call(self, inputs):
        return self._finish(self.convolution_op(inputs, self.kernel.value))


@register("layer", "Convolution1D")
class Conv1D(_Conv, rank=1):
    """`y[t] = activation(sum_k x[t * strides + k * dilation_rate] @ kernel[k] + bias)`.

    Shapes: `(batch, steps, channels) -> (batch, new_steps, filters)`; kernel `(window, channels / groups, filters)`.

    Args:
        padding: `"valid"` (none), `"same"`, or `"causal"`: on the left only, so that no output sees later steps.
        groups: channels and filters fall into so many groups, which do not see each other.
    """

    paddings = ("valid", "same", "causal")


@register("layer", "Convolution2D")
class Conv2D(_Conv, rank=2):
    """`y[i, j] = activation(sum_kl x[i * strides + k, j * strides + l] @ kernel[k, l] + bias)`.

    Shapes: `(batch, height, width, channels) -> (batch, new_height, new_width, filters)`, or channels first;
    kernel `(window, window, channels / groups, filters)`.
    """


@register("layer", "Convolution3D")
class Conv3D(_Conv, rank=3):
    """Convolution over volumes: `(batch, depth, height, width, channels) -> (batch, ..., filters)`."""


class _ConvTranspose(SpatialFilter):
    """Base of the transposed convolutions: kernel `(*window, filters, channels)`."""

    def _adopt(self, given: Mapping[str, Any]) -> None:
        super()._adopt(given)
        if self.output_padding is not None:
            self.output_padding = sizes(self, self.rank, least=0, output_padding=self.output_padding)
            if any(more >= step for more, step in zip(self.output_padding, self.strides, strict=True)):
                what = "`output_padding` must be less than `strides` along each axis."
                raise mistake(self, what, expected=f"less than {self.strides}", got=self.output_padding)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.kernel = weight(self, "kernel", (*self.kernel_size, self.filters, channels))
        self._add_bias(self.filters)

    def call(self, inputs):
        how = self.strides, self.padding, self.output_padding, self.data_format, self.dilation_rate
        return self._finish(ops.conv_transpose(inputs, self.kernel.value, *how))


class _PlanarTranspose(_ConvTranspose):
    """The constructor of the transposed convolutions of sequences and images."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=1,
        activation=None,
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
        self._adopt(locals())


@register("layer", "Convolution1DTranspose")
class Conv1DTranspose(_PlanarTranspose, rank=1):
    """The transpose of Conv1D: each step spreads out. `(batch, steps, channels) -> (batch, more, filters)`."""


@register("layer", "Convolution2DTranspose")
class Conv2DTranspose(_PlanarTranspose, rank=2):
    """The transpose of Conv2D: `(batch, height, width, channels) -> (batch, higher, wider, filters)`.

    Args:
        output_padding: how much larger the output is than the smallest that fits, along each axis.

    Reference: Zeiler et al., 2010, "Deconvolutional networks".
    """


@register("layer", "Convolution3DTranspose")
class Conv3DTranspose(_ConvTranspose, rank=3):
    """The transpose of Conv3D; `data_format` stands before `output_padding` here."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1, 1),
        padding="valid",
        data_format=None,
        output_padding=None,
        dilation_rate=(1, 1, 1),
        activation=None,
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
        self._adopt(locals())


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

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self._check_window(input_shape)
        self.kernel = weight(self, "kernel", (*self.kernel_size, channels, self.depth_multiplier), options="depthwise")
        self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs):
        return self._finish(depthwise_conv(inputs, self.kernel.value, *self._how))


@register("layer")
class DepthwiseConv1D(_DepthwiseConv, rank=1):
    """Each channel's steps convolved by `depth_multiplier` filters of its own.

    Shapes: `(batch, steps, channels) -> (batch, new_steps, channels * depth_multiplier)`.
    """

    paddings = ("valid", "same", "causal")


@register("layer")
class DepthwiseConv2D(_DepthwiseConv, rank=2):
    """Each channel of an image convolved by `depth_multiplier` filters of its own."""


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

    def build(self, input_shape):
        channels, ones = self._channels(input_shape), (1,) * self.rank
        self._check_window(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = weight(self, "depthwise_kernel", shape, options="depthwise")
        shape = (*ones, channels * self.depth_multiplier, self.filters)
        self.pointwise_kernel = weight(self, "pointwise_kernel", shape, options="pointwise")
        self._add_bias(self.filters)

    def call(self, inputs):
        outputs = depthwise_conv(inputs, self.depthwise_kernel.value, *self._how)
        return self._finish(conv(outputs, self.pointwise_kernel.value, data_format=self.data_format))


@register("layer", "SeparableConvolution1D")
class SeparableConv1D(_SeparableConv, rank=1):
    """A depthwise convolution of steps, then one of window 1 over all channels.

    Shapes: `(batch, steps, channels) -> (batch, new_steps, filters)`.
    """

    paddings = ("valid", "same", "causal")


@register("layer", "SeparableConvolution2D")
class SeparableConv2D(_SeparableConv, rank=2):
    """A depthwise convolution of images, then one of window 1 over all channels.

    Reference: Chollet, 2017, arXiv:1610.02357.
    """


Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
