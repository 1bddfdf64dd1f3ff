"""Fourier transforms, and sequences cut into frames."""

from jax import lax
from jax import numpy as jnp

from tricera.engine import scope
from tricera.engine.dtypes import is_float
from tricera.engine.graph import op
from tricera.errors import report


@op
def fft(x):
    """The Fourier transform over the last axis; complex numbers come and go as `(real, imaginary)`."""
    return _parts(jnp.fft.fft(_complex(x)))


@op
def fft2(x):
    """The Fourier transform over the last two axes, of `(real, imaginary)`."""
    return _parts(jnp.fft.fft2(_complex(x, 2)))


@op
def ifft2(x):
    """The inverse of `fft2`."""
    return _parts(jnp.fft.ifft2(_complex(x, 2)))


@op
def rfft(x, fft_length=None):
    """The Fourier transform of real numbers over the last axis: `(real, imaginary)` of the frequencies from 0.

    Args:
        fft_length: to how many numbers the axis is cut or filled with zeros.
    """
    return _parts(jnp.fft.rfft(_ranked(x), fft_length))


@op
def irfft(x, fft_length=None):
    """The inverse of `rfft`, of `(real, imaginary)`."""
    return jnp.fft.irfft(_complex(x), fft_length)


@op
def extract_sequences(x, sequence_length, sequence_stride):
    """The frames of this length that begin every `sequence_stride`: `(..., time) -> (..., frames, length)`."""
    x = _ranked(x)
    count = (x.shape[-1] - sequence_length) // sequence_stride + 1
    starts = jnp.arange(count) * sequence_stride
    return jnp.take(x, starts[:, None] + jnp.arange(sequence_length), -1)


@op
def stft(x, sequence_length, sequence_stride, fft_length, window="hann", center=True):
    """The Fourier transform of each frame: `(..., time) -> (..., frames, fft_length // 2 + 1)`, real and imaginary.

    Args:
        window: "hann", "hamming", an array of `sequence_length`, or None: all of `fft_length` samples as they are.
        center: whether the signal is mirrored at both ends, so that frames are centred.
    """
    x, window = _ranked(x), _window(window, sequence_length, sequence_stride, fft_length)
    if not is_float(x.dtype):
        raise TypeError(report("Input `x` should be of `float32` or `float64`, as a signal is.", got=x.dtype))
    if center:
        scope.spend("stft", steps=fft_length // max(1, x.shape[-1]))
        x = jnp.pad(x, [(0, 0)] * (x.ndim - 1) + [(fft_length // 2, fft_length // 2)], "reflect")
    return _parts(jnp.fft.rfft(extract_sequences(x, fft_length, sequence_stride) * window.astype(x.dtype)))


@op
def istft(x, sequence_length, sequence_stride, fft_length, length=None, window="hann", center=True):
    """The inverse of `stft` in the least squares sense: frames added, divided by the sum of squared windows."""
    window = _window(window, sequence_length, sequence_stride, fft_length)
    frames = jnp.fft.irfft(_complex(x, 2), fft_length) * window
    total = _overlap(frames, sequence_stride)
    weight = _overlap(jnp.broadcast_to(jnp.square(window), frames.shape[-2:]), sequence_stride)
    signal = total / jnp.where(weight > 1e-10, weight, 1)
    start = fft_length // 2 if center else 0
    end = start + length if length is not None else signal.shape[-1] - start
    return signal[..., start:end]


def _complex(x, rank=1):
    if not isinstance(x, list | tuple) or len(x) != 2:
        raise ValueError(report("Input `x` should be a tuple of two tensors: real and imaginary parts.", got=repr(x)))
    real, imaginary = (_ranked(part, rank).astype("float32") for part in x)
    if real.shape != imaginary.shape:
        what = "Both the real and imaginary parts should have the same shape."
        raise ValueError(report(what, got=f"{real.shape} and {imaginary.shape}"))
    return lax.complex(real, imaginary)


def _ranked(x, rank=1):
    x = jnp.asarray(x)
    if x.ndim < rank:
        raise ValueError(report(f"Input should have rank >= {rank}.", got=f"shape {x.shape}"))
    return x


def _parts(x):
    return jnp.real(x), jnp.imag(x)


def _window(window, length, stride, fft_length):
    """The window in the middle of `fft_length` zeros; Hann's and Hamming's as for periodic signals."""
    if not isinstance(stride, int) or stride < 1:
        raise ValueError(report("`sequence_stride` must be a positive integer.", got=repr(stride)))
    if fft_length < length:
        raise ValueError(report("`fft_length` must equal or be larger than `sequence_length`.", expected=f">= {length}",
                                got=fft_length))  # fmt: skip
    if window is None:
        return jnp.ones(fft_length)
    t = 2 * jnp.pi * jnp.arange(length) / length
    if isinstance(window, str):
        if window not in ("hann", "hamming"):
            what = "If a string is passed to `window`, it must be the name of a window."
            raise ValueError(report(what, expected="'hann' or 'hamming'", got=repr(window)))
        values = 0.5 - 0.5 * jnp.cos(t) if window == "hann" else 0.54 - 0.46 * jnp.cos(t)
    else:
        values = jnp.asarray(window)
        if values.shape != (length,):
            what = "The shape of `window` must be equal to [sequence_length]."
            raise ValueError(report(what, expected=(length,), got=values.shape))
    left = (fft_length - length) // 2
    return jnp.pad(values, (left, fft_length - length - left))


def _overlap(frames, stride):
    """The sum of frames put `stride` apart."""
    count, size = frames.shape[-2:]
    places = jnp.arange(count)[:, None] * stride + jnp.arange(size)
    return jnp.zeros((*frames.shape[:-2], (count - 1) * stride + size), frames.dtype).at[..., places].add(frames)
