"""What the filters of a layer answer to most."""

import contextlib
import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from tricera.activations import softmax
from tricera.engine.pure import pure
from tricera.errors import report
from tricera.layers import Conv2D
from tricera.visualization import figure as figures
from tricera.visualization import inside

_AT_ONCE = 64  # filters of one program
_FEW_PRODUCTS = 64  # above so many in a window, a sum written out costs more to compile than it saves


def filters(
    model: Any,
    layer: Any,
    size: int | None = None,
    steps: int = 40,
    low: float = 0.0,
    high: float = 255.0,
    seed: int = 0,
    path: Any = None,
) -> Any:
    """The pattern that each filter of a convolution answers to most, all found by gradient ascent in one program.

    Args:
        layer: the name of the layer.
        size: height and width of the patterns; by default those of the model's input, else 64.
        steps: how often each pattern follows the gradient, each time by a pixel's step of its range.
        low, high: the range of pixels that the model was trained on.
        seed: of the noise that the patterns begin with.
        path: where to save the picture, by its suffix PNG, SVG or PDF.

    Raises:
        ValueError: the layer is not there, or is no convolution over images.

    Reference: Erhan et al., 2009, "Visualizing higher-layer features of a deep network".
    """
    found = patterns(model, layer, size, steps, low, high, seed)
    columns = figures.wide(len(found), 16)
    wall = figures.tiles(np.stack([legible(each) for each in found]), columns, max(2, found.shape[1] // 16), 1.0)
    height = figures.WIDTH * wall.shape[0] / wall.shape[1]
    figure, axis = figures.new(figures.WIDTH, height + 0.35)
    name = getattr(layer, "name", layer)
    figures.bare(axis, f"{name}: what each of its {len(found)} filters answers to most", loc="left")
    axis.imshow(wall.squeeze(), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    return figures.finish(figure, path)


def patterns(
    model: Any,
    layer: Any,
    size: int | None = None,
    steps: int = 40,
    low: float = 0.0,
    high: float = 255.0,
    seed: int = 0,
) -> np.ndarray:
    """The patterns as they come out of the ascent: `(filters, size, size, channels)`; arguments as of `filters`."""
    layer = inside.find(model, layer, inside.is_image_convolution, "convolution over images")
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(report("`steps` is not a number of steps.", expected="a positive integer", got=repr(steps)))
    shape, channel_axis = _shape(model, size)
    draw = np.random.default_rng(seed)
    middle, spread = (low + high) / 2, (high - low) * 20 / 255
    count = _filters_of(layer)
    noise = middle + spread * (draw.random((count, *shape), dtype=np.float32) - 0.5)
    climb = inside.kept_by(model, ("ascent", layer.name), lambda: _ascent(model, layer))
    values, rate = inside.values_of(model), np.float32((high - low) / 255)
    size = min(_AT_ONCE, count)
    starts = [min(start, count - size) for start in range(0, count, size)]  # the last overlaps: one program for all
    found = np.empty_like(noise)
    for start in starts:
        chosen = np.arange(start, start + size)
        found[chosen] = climb(values, noise[chosen], chosen, np.int32(steps), rate)
    return np.moveaxis(found, channel_axis, -1)


def _shape(model: Any, size: int | None) -> tuple[tuple[int, ...], int]:
    """The shape of a pattern as the model takes it, and the axis of its channels in a batch."""
    declared = model.inputs[0].shape[1:]
    axis = 0 if declared[0] in (1, 3) and declared[-1] not in (1, 3) else 2
    sides = [declared[i] for i in range(3) if i != axis]
    sides = [size or side or 64 for side in sides]
    sides.insert(axis, declared[axis] or 3)
    return tuple(sides), axis + 1


def _filters_of(layer: Any) -> int:
    axis = 1 if layer.data_format == "channels_first" else -1
    return layer.output.shape[axis]


def _ascent(model: Any, layer: Any) -> Callable:
    """The program: `steps` times `x += rate * g / (rms(g) + 1e-5)`, `g` the slope of each filter's mean answer."""

    def answer(x: Any, chosen: Any) -> Any:
        return _answers(layer, _input_of(model, layer, x), chosen).mean((1, 2)).sum()

    def run(x: Any, chosen: Any, steps: Any, rate: Any) -> Any:
        def step(_: Any, x: Any) -> Any:
            slope = jax.grad(answer)(x, chosen)
            return x + rate * slope / (jnp.sqrt(jnp.square(slope).mean((1, 2, 3), keepdims=True)) + 1e-5)

        return lax.fori_loop(0, steps, step, x)

    compiled = jax.jit(pure(run, model.variables, training=False))
    return lambda *args: compiled(*args)[0]


def _answers(layer: Any, x: Any, chosen: Any) -> Any:
    """What one filter of the layer, `chosen[i]`, makes of each image: `(batch, height, width)`."""
    products = math.prod(layer.kernel_size) * x.shape[1 if layer.data_format == "channels_first" else -1]
    if not isinstance(layer, Conv2D) or layer.groups > 1 or layer.activation is softmax or products > _FEW_PRODUCTS:
        maps = inside.channels_last(layer, layer(x))
        return jnp.take_along_axis(maps, chosen[:, None, None, None], axis=-1)[..., 0]
    # In a first layer, all filters on all images, to take one each, would be nearly all the work.
    kernels = jnp.moveaxis(layer.kernel.value[..., chosen], -1, 0)
    x = jnp.moveaxis(inside.channels_last(layer, x), -1, 1)
    reach = [(size - 1) * rate + 1 for size, rate in zip(layer.kernel_size, layer.dilation_rate, strict=True)]
    x = jnp.pad(x, ((0, 0), (0, 0), *lax.padtype_to_pads(x.shape[2:], reach, layer.strides, layer.padding.upper())))
    sums = _correlated(layer.strides, layer.dilation_rate, lax.optimization_barrier(x), kernels)
    return layer.activation(sums + layer.bias.value[chosen, None, None] if layer.use_bias else sums)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _correlated(strides: Sequence[int], rates: Sequence[int], x: Any, kernels: Any) -> Any:
    """Each image by a kernel of its own: `z[n, o] = sum_kc x[n, c, o * stride + k * rate] * kernels[n, k, c]`.

    Written out, it is one elementwise loop; so is its gradient, which JAX would derive as a sum of padded arrays.
    """
    window = kernels.shape[1:3]
    sizes = [(a - (k - 1) * r - 1) // s + 1 for a, k, r, s in zip(x.shape[2:], window, rates, strides, strict=True)]

    def seen(i: int, j: int, c: int) -> Any:
        starts = i * rates[0], j * rates[1]
        stops = [a + (n - 1) * s + 1 for a, n, s in zip(starts, sizes, strides, strict=True)]
        return lax.slice(x, (0, c, *starts), (len(x), c + 1, *stops), (1, 1, *strides))

    return _summed(seen, kernels)[:, 0]


def _summed(seen: Callable[[int, int, int], Any], kernels: Any) -> Any:
    """The sum of what is seen at each place `(i, j)` of channel `c`, by the kernels' weights there."""
    places = list(np.ndindex(*kernels.shape[1:]))
    weights = jnp.split(kernels.reshape(len(kernels), -1, 1, 1), len(places), axis=1)
    return sum(seen(*place) * weight for place, weight in zip(places, weights, strict=True))


def _correlated_forward(strides: Sequence[int], rates: Sequence[int], x: Any, kernels: Any) -> Any:
    return _correlated(strides, rates, x, kernels), (x, kernels)


def _correlated_backward(strides: Sequence[int], rates: Sequence[int], kept: Any, slope: Any) -> Any:
    """`dx[n, c, a] = sum_k dz[n, (a - k * rate) / stride] * kernels[n, k, c]`; nobody asks for that of the kernels."""
    x, kernels = kept
    (height, width), (rows, columns) = x.shape[2:], kernels.shape[1:3]
    around = [
        ((k - 1) * r, a - (n - 1) * s - 1, s - 1)
        for a, n, k, r, s in zip((height, width), slope.shape[1:], (rows, columns), rates, strides, strict=True)
    ]
    spread = lax.optimization_barrier(lax.pad(slope, jnp.zeros((), slope.dtype), ((0, 0, 0), *around)))[:, None]

    def seen(i: int, j: int, _: int) -> Any:
        top, left = (rows - 1 - i) * rates[0], (columns - 1 - j) * rates[1]
        return lax.slice(spread, (0, 0, top, left), (len(x), 1, top + height, left + width))

    channels = jnp.split(kernels, kernels.shape[-1], axis=-1)
    return jnp.concatenate([_summed(seen, own) for own in channels], 1), None


_correlated.defvjp(_correlated_forward, _correlated_backward)


class _Reached(Exception):
    """The layer has been called: what stands above it need not run."""


def _input_of(model: Any, layer: Any, x: Any) -> Any:
    """What a layer is given for inputs of any size: the dense layers above, which know one only, do not run."""
    seen: list[Any] = []

    def tap(_: Any, __: Callable, x: Any, *args: Any, **kwargs: Any) -> Any:
        seen.append(x)
        raise _Reached

    with contextlib.ExitStack() as stack:
        for graph in _graphs(model):
            stack.enter_context(inside.replaced(graph, "strict", False))
        stack.enter_context(inside.tapped([layer], tap))
        with contextlib.suppress(_Reached):
            model(x)
    return seen[0]


def _graphs(model: Any) -> Iterator[Any]:
    """The model and those inside of it, where they are graphs."""
    yield from (each for each in (model, getattr(model, "_graph", None)) if hasattr(each, "strict"))
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _graphs(layer)


def legible(pattern: np.ndarray) -> np.ndarray:
    """A pattern as an image from 0 to 1: its mean grey, two and a half of its standard deviations to either side."""
    return np.clip(0.5 + 0.1 * (pattern - pattern.mean()) / (pattern.std() + 1e-5) * 2, 0, 1)
