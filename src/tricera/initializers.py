"""How weights begin: each initializer is called with a shape and a dtype.

The numbers are those of Keras on JAX for the same seed, drawn on the host: nothing is compiled, and arrays are NumPy's.
"""

import math
import mmap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera import errors
from tricera.engine import dtypes, registry
from tricera.engine.configured import Configured
from tricera.engine.random import SeedGenerator, draw_seed, make_default_seed
from tricera.engine.registry import register
from tricera.errors import abstract, report
from tricera.kernels import threefry


def get(identifier: Any) -> Any:
    """The initializer that a name, a configuration, a class, an array or an initializer means."""
    if isinstance(identifier, np.ndarray | jax.Array):
        return Constant(identifier)
    return registry.resolve("initializer", identifier)


def serialize(initializer: Any) -> Any:
    """The plain form of an initializer."""
    return registry.serialize(initializer)


def deserialize(config: Any, custom_objects: Any = None) -> Any:
    """The initializer of a plain form."""
    return registry.deserialize(config, "initializer", custom_objects)


class Initializer(Configured):
    """Base of all initializers: `initializer(shape, dtype)` is an array; the same one each time, unless seeded by a
    SeedGenerator."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        raise NotImplementedError(report("Initializer subclasses must implement the `__call__()` method."))

    def clone(self) -> "Initializer":
        """An initializer of the same configuration."""
        return self.from_config(self.get_config())


# ---- constants


@register("initializer", "zero")
class Zeros(Initializer):
    """Zeros everywhere."""

    def __call__(self, shape, dtype=None):
        return np.zeros(shape, _dtype(dtype))


@register("initializer", "one")
class Ones(Initializer):
    """Ones everywhere."""

    def __call__(self, shape, dtype=None):
        return np.ones(shape, _dtype(dtype))


@register("initializer")
class Constant(Initializer):
    """`value` everywhere; an array is broadcast to the shape.

    Raises:
        ValueError: an array does not fit the shape.
    """

    def __init__(self, value: Any = 0.0):
        self.value = value

    def __call__(self, shape, dtype=None):
        value = np.asarray(self.value, _dtype(dtype))
        try:
            return np.broadcast_to(value, shape).copy()
        except ValueError as error:
            message = report("Expected `shape` to be one that the array fits.", expected=value.shape, got=tuple(shape))
            raise ValueError(message) from error


@register("initializer", "IdentityInitializer")
class Identity(Initializer):
    """`gain` on the diagonal of a matrix, zeros elsewhere."""

    def __init__(self, gain: float = 1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(
                report(
                    "Identity matrix initializer can only be used for 2D matrices.",
                    expected="a shape of 2 sizes",
                    got=f"shape={tuple(shape)} of rank {len(shape)}",
                )
            )
        return (self.gain * np.eye(*shape)).astype(_dtype(dtype))


@register("initializer", "STFTInitializer")
class STFT(Initializer):
    """The Fourier basis of windowed frames: `window[n] * cos(2 pi n k / fft_length)`, or `-sin` for the imaginary side.

    Shapes: `(frame_length, 1, frequencies)`, with `fft_length = 2 * (frequencies - 1)`.

    Args:
        window: a name of `scipy.signal.get_window`, an array of `frame_length` numbers, or None.
        scaling: `"density"` divides by the window's norm, `"spectrum"` by its sum, None by nothing.
        periodic: whether the window is periodic rather than symmetric.
    """

    def __init__(self, side: str = "real", window: Any = "hann", scaling: str | None = "density", periodic=False):
        self.side = _one_of("side", side, ("real", "imag"))
        self.scaling = _one_of("scaling", scaling, ("density", "spectrum", None))
        self.window, self.periodic = window, periodic
        if isinstance(window, str):
            self._frame(8)  # a wrong name fails here

    def __call__(self, shape, dtype=None):
        frame_length, _, frequencies = shape
        angle = np.outer(np.arange(frame_length), 2 * np.pi / (2 * (frequencies - 1)) * np.arange(frequencies))
        window = self._frame(frame_length)
        scaling = None if self.window is None else self.scaling
        scale = {"density": np.sqrt(np.sum(window**2)), "spectrum": np.sum(window), None: 1.0}[scaling]
        wave = np.cos(angle) if self.side == "real" else -np.sin(angle)
        return (wave * (window / scale)[:, None]).astype(_dtype(dtype)).reshape(shape)

    def _frame(self, length: int) -> np.ndarray:
        if self.window is None:
            return np.ones(length)
        if not isinstance(self.window, str):
            return np.asarray(self.window)
        from scipy.signal import get_window

        try:
            return get_window(self.window, length, fftbins=self.periodic)
        except ValueError:
            raise ValueError(
                report("Unknown `window`.", expected="a name of `scipy.signal.get_window`", got=repr(self.window))
            ) from None


# ---- random numbers

_LARGE = 1 << 20  # bytes from which on drawing is worth waiting with; such arrays are XLA's as they are, never copied
_waiting: ContextVar[dict[int, Any] | None] = ContextVar("tricera_initializers", default=None)


@contextmanager
def postponed() -> Iterator[Callable[[Iterable[Any]], None]]:
    """Run a block in which large random arrays begin as zeros that take no memory yet, for a file will say them.

    What the block gets is a function that draws the numbers of those variables which still wait for theirs.
    """
    waiting: dict[int, Any] = {}
    token = _waiting.set(waiting)

    def draw(variables: Iterable[Any]) -> None:
        for variable in variables:
            value = variable.raw()
            if value.nbytes >= _LARGE and (later := waiting.get(value.unsafe_buffer_pointer())):
                variable.assign(later())

    try:
        yield draw
    finally:
        _waiting.reset(token)


class RandomInitializer(Initializer):
    """Base of what draws numbers.

    Args:
        seed: an integer, or a SeedGenerator, which gives other numbers each time; None draws an integer.
    """

    def __init__(self, seed: int | SeedGenerator | None = None):
        self.seed = make_default_seed() if seed is None else seed
        if isinstance(self.seed, np.integer):
            self.seed = int(self.seed)
        if not isinstance(self.seed, int | SeedGenerator):
            raise ValueError(
                report(
                    "`seed` argument should be an instance of `keras.random.SeedGenerator()` or an integer.",
                    got=f"seed={seed}",
                )
            )

    def __call__(self, shape, dtype=None):
        waiting, size = _waiting.get(), math.prod(shape) * _dtype(dtype).itemsize
        if waiting is None or size < _LARGE or not isinstance(self.seed, int):
            return self.draw(shape, dtype)
        numbers = np.frombuffer(mmap.mmap(-1, size), _dtype(dtype)).reshape(shape)
        waiting[numbers.ctypes.data] = lambda: self.draw(shape, dtype)
        return numbers

    def draw(self, shape: Any, dtype: Any = None) -> Any:
        """The numbers."""
        raise abstract(self, "draw")

    def get_config(self):
        return {**super().get_config(), "seed": registry.serialize(self._arguments.get("seed"))}


@register("initializer", "normal")
class RandomNormal(RandomInitializer):
    """Normal numbers: `mean + stddev * z`."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def draw(self, shape, dtype=None):
        dtype = _float("RandomNormal", dtype)
        return _scale(threefry.normal(draw_seed(self.seed), shape, dtype), self.mean, self.stddev)


@register("initializer", "uniform")
class RandomUniform(RandomInitializer):
    """Uniform numbers in `[minval, maxval)`."""

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.minval, self.maxval = minval, maxval

    def draw(self, shape, dtype=None):
        return threefry.uniform(draw_seed(self.seed), shape, self.minval, self.maxval, _float("RandomUniform", dtype))


@register("initializer")
class TruncatedNormal(RandomInitializer):
    """Normal numbers of which those further than two `stddev` from the `mean` are drawn again."""

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None):
        super().__init__(seed)
        self.mean, self.stddev = mean, stddev

    def draw(self, shape, dtype=None):
        dtype = _float("TruncatedNormal", dtype)
        numbers = threefry.truncated_normal(draw_seed(self.seed), -2.0, 2.0, shape, dtype)
        return _scale(numbers, self.mean, self.stddev)


_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "untruncated_normal", "uniform")
_TRUNCATED_STDDEV = 0.87962566103423978  # the deviation of a normal distribution cut at -2 and 2


@register("initializer")
class VarianceScaling(RandomInitializer):
    """Random numbers of variance `scale / n`; n is the number of inputs or outputs of a unit, or their mean.

    Args:
        mode: what n is: `"fan_in"`, `"fan_out"` or `"fan_avg"`.
        distribution: `"truncated_normal"`, `"untruncated_normal"` or `"uniform"`.
        input_axes, output_axes: the axes of inputs and of outputs, where they are not the last two.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: Any = None,
        output_axes: Any = None,
    ):
        if scale <= 0.0:
            raise ValueError(report("Argument `scale` must be positive float.", got=f"scale={scale}"))
        super().__init__(seed)
        self.scale, self.mode = scale, _one_of("mode", mode, _MODES)
        distribution = distribution.lower()  # Keras 2 wrote "normal" for the truncated one
        distribution = "truncated_normal" if distribution == "normal" else distribution
        self.distribution = _one_of("distribution", distribution, _DISTRIBUTIONS)
        self.input_axes, self.output_axes = input_axes, output_axes

    def draw(self, shape, dtype=None):
        fan_in, fan_out = self._fans(tuple(shape))
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, n)
        dtype, key = _float(type(self).__name__, dtype), draw_seed(self.seed)
        if self.distribution == "uniform":
            limit = math.sqrt(3 * variance)
            return threefry.uniform(key, shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return _scale(threefry.normal(key, shape, dtype), 0.0, math.sqrt(variance))
        numbers = threefry.truncated_normal(key, -2.0, 2.0, shape, dtype)
        return _scale(numbers, 0.0, math.sqrt(variance) / _TRUNCATED_STDDEV)

    def _fans(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """The numbers of inputs and of outputs that meet in a unit; kernels are `(..., inputs, outputs)`."""
        if self.input_axes is not None and self.output_axes is not None:
            return math.prod(shape[a] for a in self.input_axes), math.prod(shape[a] for a in self.output_axes)
        if len(shape) < 2:
            return math.prod(shape), math.prod(shape)
        *field, inputs, outputs = shape
        return math.prod(field) * inputs, math.prod(field) * outputs


class _Scaled(VarianceScaling):
    """VarianceScaling with a name: what it scales by is the class'."""

    rule: tuple[float, str, str]

    def __init__(self, seed: Any = None, input_axes: Any = None, output_axes: Any = None):
        super().__init__(*self.rule, seed, input_axes, output_axes)


@register("initializer")
class GlorotUniform(_Scaled):
    """Uniform numbers of variance `2 / (fan_in + fan_out)`. Reference: Glorot and Bengio, 2010."""

    rule = (1.0, "fan_avg", "uniform")


@register("initializer")
class GlorotNormal(_Scaled):
    """Truncated normal numbers of variance `2 / (fan_in + fan_out)`. Reference: Glorot and Bengio, 2010."""

    rule = (1.0, "fan_avg", "truncated_normal")


@register("initializer")
class HeUniform(_Scaled):
    """Uniform numbers of variance `2 / fan_in`. Reference: He et al., 2015, arXiv:1502.01852."""

    rule = (2.0, "fan_in", "uniform")


@register("initializer")
class HeNormal(_Scaled):
    """Truncated normal numbers of variance `2 / fan_in`. Reference: He et al., 2015, arXiv:1502.01852."""

    rule = (2.0, "fan_in", "truncated_normal")


@register("initializer")
class LecunUniform(_Scaled):
    """Uniform numbers of variance `1 / fan_in`. Reference: LeCun et al., 1998, "Efficient BackProp"."""

    rule = (1.0, "fan_in", "uniform")


@register("initializer")
class LecunNormal(_Scaled):
    """Truncated normal numbers of variance `1 / fan_in`. Reference: Klambauer et al., 2017, arXiv:1706.02515."""

    rule = (1.0, "fan_in", "truncated_normal")


@register("initializer", "OrthogonalInitializer")
class Orthogonal(RandomInitializer):
    """A matrix with orthonormal rows or columns, times `gain`: the Q of a normal matrix; leading axes count as rows.

    Reference: Saxe et al., 2013, arXiv:1312.6120.
    """

    def __init__(self, gain: float = 1.0, seed: Any = None):
        super().__init__(seed)
        self.gain = gain

    def draw(self, shape, dtype=None):
        if len(shape) < 2:
            raise ValueError(
                report(
                    "The tensor to initialize must be at least two-dimensional.",
                    got=f"shape={tuple(shape)} of rank {len(shape)}",
                )
            )
        dtype = _float("Orthogonal", dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        size = (max(rows, columns), min(rows, columns))
        normal = threefry.normal(draw_seed(self.seed), size, dtype if dtype.itemsize > 2 else np.dtype("float32"))
        q, r = (np if isinstance(normal, np.ndarray) else jnp).linalg.qr(normal)
        q = q * jnp.sign(jnp.diagonal(r)) if isinstance(q, jax.Array) else q * np.sign(np.diagonal(r))
        return (self.gain * (q.T if rows < columns else q)).reshape(shape).astype(dtype)


# ---- what they share


def _dtype(dtype: Any) -> np.dtype:
    return jnp.dtype(dtypes.standardize_dtype(dtype))


def _float(who: str, dtype: Any) -> np.dtype:
    if not dtypes.is_float(found := _dtype(dtype)):
        raise ValueError(report(f"{who} draws floating point numbers.", expected="a float dtype", got=found.name))
    return found


def _scale(numbers: Any, mean: float, stddev: float) -> Any:
    kind = numbers.dtype.type
    return numbers * kind(stddev) + kind(mean)


def _one_of(name: str, value: Any, choices: tuple) -> Any:
    if value not in choices:
        raise ValueError(report(f"Invalid `{name}` argument: {value!r}.", expected=" or ".join(map(repr, choices))))
    return value


zeros, ones, constant = Zeros, Ones, Constant
identity = IdentityInitializer = Identity
stft = STFTInitializer = STFT
random_normal, random_uniform, truncated_normal = RandomNormal, RandomUniform, TruncatedNormal
variance_scaling = VarianceScaling
glorot_uniform, glorot_normal = GlorotUniform, GlorotNormal
he_uniform, he_normal = HeUniform, HeNormal
lecun_uniform, lecun_normal = LecunUniform, LecunNormal
orthogonal = OrthogonalInitializer = Orthogonal

__getattr__ = errors.missing(__name__, globals())
