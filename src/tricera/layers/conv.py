"""Convolutions, and their transposes."""

from typing import Any

from tricera import ops
from tricera.engine.inputs import InputSpec
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.kernels.conv import conv
from tricera.layers.arguments import (
    activated,
    adopt,
    check_choice,
    check_positive,
    check_windows,
    mistake,
    sizes,
    spatial_axes,
    weight,
)
from tricera.transform.lora import Adaptable


class SpatialFilter(Layer):
    """Base of the layers that slide windows over `rank` spatial axes: window, strides, padding, bias, activation."""

    rank: int
    paddings: tuple[str, ...] = ("valid", "same")

    def _adopt(self, given: dict[str, Any]) -> None:
        adopt(self, given)
        self.kernel_size = sizes(self, self.rank, kernel_size=self.kernel_size)
        self.strides = sizes(self, self.rank, strides=self.strides)
        self.dilation_rate = sizes(self, self.rank, dilation_rate=self.dilation_rate)
        self.padding = self.padding.lower() if isinstance(self.padding, str) else self.padding
        check_choice(self, self.paddings, padding=self.padding)
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise mistake(
                self,
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`.",
                got=f"strides={self.strides} and dilation_rate={self.dilation_rate}",
            )
        self.input_axes = spatial_axes(self.rank, self.data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _channels(self, input_shape: Any) -> int:
        """The number of channels, noted in the input spec.

        Raises:
            ValueError: it is unknown.
        """
        axis = -1 if self.data_format == "channels_last" else 1
        channels = input_shape[axis]
        if channels is None:
            raise mistake(
                self,
                "The channel dimension of the inputs should be defined.",
                expected=f"({', '.join(self.input_axes)}) with known channels",
                got=tuple(input_shape),
            )
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _check_window(self, input_shape: Any) -> None:
        """Raise ValueError if the window is larger than the input."""
        windows = [(size - 1) * rate + 1 for size, rate in zip(self.kernel_size, self.dilation_rate, strict=True)]
        check_windows(self, input_shape, windows, kernel_size=self.kernel_size, dilation_rate=self.dilation_rate)

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
        check_positive(self, filters=filters, groups=groups)
        if filters % groups:
            raise mistake(
                self,
                "The number of filters must be evenly divisible by the number of groups.",
                got=f"filters={filters}, groups={groups}",
            )

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if channels % self.groups:
            raise mistake(
                self,
                "The number of input channels must be evenly divisible by the number of groups.",
                got=f"groups={self.groups}, but the input of shape {tuple(input_shape)} has {channels} channels",
            )
        self._check_window(input_shape)
        self.kernel = weight(self, "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self.bias = weight(self, "bias", (self.filters,)) if self.use_bias else None
        self._adapt_if_asked()

    def convolution_op(self, inputs, kernel):
        """The convolution alone, without bias and activation, with any kernel."""
        return conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def call(self, inputs):
        return self._finish(self.convolution_op(inputs, self.kernel.value))


@register("layer", "Convolution1D")
class Conv1D(_Conv):
    """`y[t] = activation(sum_k x[t * strides + k * dilation_rate] @ kernel[k] + bias)`.

    Shapes: `(batch, steps, channels) -> (batch, new_steps, filters)`; kernel `(window, channels / groups, filters)`.

    Args:
        padding: `"valid"` (none), `"same"`, or `"causal"`: on the left only, so that no output sees later steps.
        groups: channels and filters fall into so many groups, which do not see each other.
    """

    rank = 1
    paddings = ("valid", "same", "causal")


@register("layer", "Convolution2D")
class Conv2D(_Conv):
    """`y[i, j] = activation(sum_kl x[i * strides + k, j * strides + l] @ kernel[k, l] + bias)`.

    Shapes: `(batch, height, width, channels) -> (batch, new_height, new_width, filters)`, or channels first;
    kernel `(window, window, channels / groups, filters)`.
    """

    rank = 2


@register("layer", "Convolution3D")
class Conv3D(_Conv):
    """Convolution over volumes: `(batch, depth, height, width, channels) -> (batch, ..., filters)`."""

    rank = 3


class _ConvTranspose(SpatialFilter):
    """Base of the transposed convolutions: kernel `(*window, filters, channels)`."""

    def _start(self, given: dict[str, Any], filters: int) -> None:
        self._adopt(given)
        check_positive(self, filters=filters)
        if self.output_padding is not None:
            self.output_padding = sizes(self, self.rank, least=0, output_padding=self.output_padding)
            if any(more >= step for more, step in zip(self.output_padding, self.strides, strict=True)):
                what = "`output_padding` must be less than `strides` along each axis."
                raise mistake(self, what, expected=f"less than {self.strides}", got=self.output_padding)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.kernel = weight(self, "kernel", (*self.kernel_size, self.filters, channels))
        self.bias = weight(self, "bias", (self.filters,)) if self.use_bias else None

    def call(self, inputs):
        outputs = ops.conv_transpose(
            inputs,
            self.kernel.value,
            strides=self.strides,
            output_padding=self.output_padding,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self._finish(outputs)


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
        self._start(locals(), filters)


@register("layer", "Convolution1DTranspose")
class Conv1DTranspose(_PlanarTranspose):
    """The transpose of Conv1D: each step spreads out. `(batch, steps, channels) -> (batch, more, filters)`."""

    rank = 1


@register("layer", "Convolution2DTranspose")
class Conv2DTranspose(_PlanarTranspose):
    """The transpose of Conv2D: `(batch, height, width, channels) -> (batch, higher, wider, filters)`.

    Args:
        output_padding: how much larger the output is than the smallest that fits, along each axis.

    Reference: Zeiler et al., 2010, "Deconvolutional networks".
    """

    rank = 2


@register("layer", "Convolution3DTranspose")
class Conv3DTranspose(_ConvTranspose):
    """The transpose of Conv3D; `data_format` stands before `output_padding` here."""

    rank = 3

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
        self._start(locals(), filters)


Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution3D = Conv3D
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
Convolution3DTranspose = Conv3DTranspose
