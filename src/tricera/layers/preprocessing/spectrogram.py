"""Sound as spectra over time."""

from typing import Any

import numpy as np

from tricera import initializers, ops
from tricera.engine import scope
from tricera.engine.inputs import InputSpec, where
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.kernels.conv import conv
from tricera.layers.arguments import adopt, check_choice, check_positive, mistake

_LEAST = 1e-7
_MODES = {
    "log": lambda real, imag: ops.log(_magnitude(real, imag)),
    "magnitude": lambda real, imag: _magnitude(real, imag),
    "psd": lambda real, imag: _one_sided(real**2 + imag**2),
    "real": lambda real, imag: real,
    "imag": lambda real, imag: imag,
    "angle": lambda real, imag: ops.arctan2(imag, real),
    "stft": lambda real, imag: ops.concatenate([real, imag], -1),
}


def _magnitude(real: Any, imag: Any) -> Any:
    return ops.sqrt(ops.maximum(real**2 + imag**2, _LEAST))


def _one_sided(power: Any) -> Any:
    """With the power of the negative frequencies, which all but the first and the last have."""
    return power.at[..., 1:-1].multiply(2)


@register("layer")
class STFTSpectrogram(Layer):
    """The short-time Fourier transform by convolutions, whose kernels begin as Fourier's basis and may be trained.

    Shapes: `(batch, time, channels) -> (batch, frames, frequencies * channels)`, with `expand_dims`
    `(batch, frames, frequencies, channels)`; frequencies `fft_length // 2 + 1`, twice that for `"stft"`.

    Args:
        mode: `"log"` (of the magnitude), `"magnitude"`, `"psd"`, `"real"`, `"imag"`, `"angle"` or `"stft"`.
        frame_length, frame_step, fft_length: in samples; the step is half a frame, and the transform the next power
            of 2, unless given.
        window, scaling, periodic: as in `initializers.STFT`.

    Raises:
        ValueError: a length that makes no sense, or an unknown mode, padding, scaling or window.
    """

    input_axes = ("batch", "time", "channels")

    def __init__(
        self,
        mode="log",
        frame_length=256,
        frame_step=None,
        fft_length=None,
        window="hann",
        periodic=False,
        scaling="density",
        padding="valid",
        expand_dims=False,
        data_format=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        adopt(self, locals())
        check_choice(self, tuple(_MODES), mode=mode)
        check_choice(self, ("valid", "same"), padding=padding)
        check_choice(self, (None, "density", "spectrum"), scaling=scaling)
        check_positive(self, frame_length=frame_length)
        self._step = frame_length // 2 if frame_step is None else frame_step
        self._length = 1 << (frame_length - 1).bit_length() if fft_length is None else fft_length
        for wrong, what, got in (
            (not 0 < self._step <= frame_length,
             "`frame_step` should be a positive integer not greater than `frame_length`.", f"frame_step={frame_step}"),
            (self._length < frame_length, "`fft_length` should be not less than `frame_length`.",
             f"fft_length={fft_length}"),
            (self._length & (self._length - 1), "`fft_length` should be a power of 2.", f"fft_length={fft_length}"),
        ):  # fmt: skip
            if wrong:
                raise mistake(self, what, got=f"{got}, frame_length={frame_length}")
        initializers.STFT("real", window, scaling, periodic)  # a wrong window fails here
        self.input_spec = InputSpec(ndim=3)

    def build(self, input_shape):
        shape = (self.frame_length, 1, self._length // 2 + 1)
        for side, without in (("real", "imag"), ("imag", "real")):
            if self.mode != without:
                start = initializers.STFT(side, self.window, self.scaling, self.periodic)
                setattr(self, f"{side}_kernel", self.add_weight(shape, start, name=f"{side}_kernel"))

    def call(self, inputs):
        first = self.data_format == "channels_first"
        x = ops.cast(ops.moveaxis(inputs, 1, -1) if first else inputs, self.compute_dtype)
        batch, time, channels = x.shape
        waves = ops.reshape(ops.moveaxis(x, -1, 1), (batch * channels, time, 1))
        real, imag = (self._side(waves, side) for side in ("real", "imag"))
        spectra = _MODES[self.mode](real, imag)
        spectra = ops.reshape(spectra, (batch, channels, *spectra.shape[1:]))
        if self.expand_dims:
            return spectra if first else ops.moveaxis(spectra, 1, -1)
        if first:
            spectra = ops.swapaxes(spectra, 2, 3)
            return ops.reshape(spectra, (batch, channels * spectra.shape[2], spectra.shape[3]))
        spectra = ops.moveaxis(spectra, 1, 2)
        return ops.reshape(spectra, (batch, spectra.shape[1], channels * spectra.shape[3]))

    def _side(self, waves: Any, side: str) -> Any:
        kernel = vars(self).get(f"{side}_kernel")
        return None if kernel is None else conv(waves, kernel.value, self._step, self.padding)


@register("layer")
class MelSpectrogram(Layer):
    """The power of a sound in bands of the mel scale, in decibels.

    Shapes: `(batch, time) -> (batch, num_mel_bins, frames)`, or without the batch.

    Args:
        fft_length, sequence_stride, sequence_length: of the frames, in samples.
        sampling_rate: in Hz; `min_freq` and `max_freq` too (half of the rate by default).
        power_to_db: whether `10 log10(power / ref_power)` is given, no less than `top_db` under the loudest.
        mag_exp: 2 for the power, 1 for the magnitude.
        min_power: what is taken for less.

    Raises:
        ValueError: `sequence_length` is more than `fft_length`.
    """

    def __init__(
        self,
        fft_length=2048,
        sequence_stride=512,
        sequence_length=None,
        window="hann",
        sampling_rate=16000,
        num_mel_bins=128,
        min_freq=20.0,
        max_freq=None,
        power_to_db=True,
        top_db=80.0,
        mag_exp=2.0,
        min_power=1e-10,
        ref_power=1.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        adopt(self, locals())
        self.sequence_length = fft_length if sequence_length is None else sequence_length
        self.max_freq = max_freq or int(sampling_rate / 2)
        check_positive(self, fft_length=fft_length, sequence_stride=sequence_stride, num_mel_bins=num_mel_bins)
        check_positive(self, sequence_length=self.sequence_length, sampling_rate=sampling_rate)
        if not 0 <= min_freq < self.max_freq:
            what = "`min_freq` must not be negative, and below `max_freq`."
            raise mistake(self, what, got=f"min_freq={min_freq}, max_freq={self.max_freq}")
        if self.sequence_length > fft_length:
            what = "`fft_length` must be greater than or equal to `sequence_length`."
            raise mistake(self, what, got=f"sequence_length={sequence_length}, fft_length={fft_length}")

    def call(self, inputs):
        parts = ops.stft(
            ops.cast(inputs, "float32"), self.sequence_length, self.sequence_stride, self.fft_length, self.window
        )
        power = ops.sqrt(parts[0] ** 2 + parts[1] ** 2) ** self.mag_exp
        bands = ops.matmul(power, self._bands(power.shape[-1]).astype("float32"))
        loud = self._decibels(bands) if self.power_to_db else bands
        return ops.cast(ops.swapaxes(loud, -1, -2), self.compute_dtype)

    def _decibels(self, power: Any) -> Any:
        reference = np.log10(max(self.min_power, self.ref_power))
        loud = 10.0 * (ops.log10(ops.maximum(power, self.min_power)) - reference)
        return ops.maximum(loud, ops.max(loud) - self.top_db)

    def _bands(self, frequencies: int) -> np.ndarray:
        """`(frequencies, bands)`: triangles of equal width in mel; the constant is left out."""
        scope.spend(where(self), 64 * frequencies * self.num_mel_bins)
        at = _mel(np.linspace(0.0, self.sampling_rate / 2, frequencies)[1:, None])
        edges = np.linspace(_mel(self.min_freq), _mel(self.max_freq), self.num_mel_bins + 2)
        low, middle, high = edges[:-2], edges[1:-1], edges[2:]
        weights = np.minimum((at - low) / (middle - low), (high - at) / (high - middle)).clip(min=0)
        return np.pad(weights, ((1, 0), (0, 0)))


def _mel(frequency: Any) -> Any:
    return 1127.0 * np.log1p(np.asarray(frequency) / 700.0)
