"""`keras.utils.conv_utils` of Keras 2, and what `np_utils` had of it before: sizes and kernels of windows."""

import numpy as np

from tricera.errors import report

_NAMES = {"th": "channels_first", "tf": "channels_last"}


def normalize_tuple(value, n, name):
    """`n` whole numbers: those given, or the one given `n` times.

    Raises:
        ValueError: `value` is neither.
    """
    values = (value,) * n if isinstance(value, int) else tuple(value) if hasattr(value, "__iter__") else ()
    if len(values) != n or not all(isinstance(each, int | np.integer) for each in values):
        raise ValueError(report(f"The `{name}` argument must be a tuple of {n} integers.", got=value))
    return values


def normalize_padding(value):
    """ "valid", "same" or "causal", in lower case.

    Raises:
        ValueError: it is another word.
    """
    padding = value.lower()
    if padding not in {"valid", "same", "causal"}:
        raise ValueError(report("Unknown padding.", expected='"valid", "same" or "causal"', got=repr(value)))
    return padding


def convert_kernel(kernel, dim_ordering=None):
    """A kernel whose window is turned around: the way between true convolution and correlation."""
    return np.copy(np.flip(kernel, axis=tuple(range(np.ndim(kernel) - 2))))


def conv_output_length(input_length, filter_size, padding=None, stride=1, dilation=1, border_mode=None):
    """The places of a window along an axis; None for an unknown length."""
    if input_length is None:
        return None
    padding, window = padding or border_mode, (filter_size - 1) * dilation + 1
    room = {"same": input_length, "causal": input_length, "valid": input_length - window + 1}
    room["full"] = input_length + window - 1
    return -(-room[padding] // stride)


def conv_input_length(output_length, filter_size, padding=None, stride=1, border_mode=None):
    """The shortest length that has so many places of a window."""
    if output_length is None:
        return None
    pad = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}[padding or border_mode]
    return (output_length - 1) * stride - 2 * pad + filter_size


def deconv_length(dim_size, stride_size, kernel_size, padding, output_padding=None, dilation=1):
    """The length that a transposed convolution makes of `dim_size`."""
    if dim_size is None:
        return None
    window = (kernel_size - 1) * dilation + 1
    if output_padding is None:
        extra = {"valid": max(window - stride_size, 0), "full": -(stride_size + window - 2), "same": 0}[padding]
        return dim_size * stride_size + extra
    pad = {"same": window // 2, "valid": 0, "full": window - 1}[padding]
    return (dim_size - 1) * stride_size + window - 2 * pad + output_padding
