"""Several inputs become one: elementwise, side by side, or as products."""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

from tricera import ops
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.errors import abstract
from tricera.layers.arguments import check_axes, is_whole, mistake


def _check_list(layer: Layer, shapes: Any, least: int = 1) -> None:
    """Raise ValueError unless `shapes` are those of a list of enough inputs."""
    several = isinstance(shapes, list | tuple) and all(isinstance(shape, list | tuple) for shape in shapes)
    if not several or len(shapes) < least:
        what = f"A merge layer should be called on a list of at least {least} input{'s' * (least > 1)}."
        expected, fix = f"a list of {least} or more inputs", f"`{type(layer).__name__}()([a, b])`."
        got = f"{len(shapes)} inputs" if several else f"one input of shape {tuple(shapes)}"
        raise mistake(layer, what, expected=expected, got=got, fix=fix)


def _masks(layer: Layer, inputs: Any, mask: Any) -> Sequence[Any]:
    """The mask of each input, None where it has none.

    Raises:
        ValueError: not as many masks as inputs.
    """
    for name, value in (("inputs", inputs), ("mask", inputs if mask is None else mask)):
        if not isinstance(value, list | tuple):
            raise mistake(layer, f"`{name}` should be a list.", got=type(value).__name__)
    if mask is not None and len(mask) != len(inputs):
        what = "The lists `inputs` and `mask` should have the same length."
        raise mistake(layer, what, got=f"{len(inputs)} inputs, {len(mask)} masks")
    return [None] * len(inputs) if mask is None else mask


class _Merge(Layer):
    """Base of the elementwise merges. Of inputs with fewer axes, the missing ones stand after the batch."""

    supports_masking = True
    neutral: float | None = None  # what takes the place of a masked element

    def build(self, input_shape):
        _check_list(self, input_shape)
        sizes: dict[int, int] = {}
        for shape in input_shape:
            for axis, size in enumerate(reversed(shape[1:])):
                if size not in (None, 1) and sizes.setdefault(axis, size) != size:
                    what = "Inputs have incompatible shapes: they could not be broadcast together."
                    raise mistake(self, what, got=_listed(input_shape))

    def call(self, inputs, mask=None):
        inputs = _aligned(inputs)
        if mask is not None and self.neutral is not None:
            inputs = self._neutralize(inputs, mask)
        return self.merge(inputs)

    def _neutralize(self, inputs: list, masks: Sequence[Any]) -> list:
        """The inputs, with what is masked such that it changes nothing where another input is not masked."""
        masks = [mask if mask is None else _widened(mask, x.ndim) for x, mask in zip(inputs, masks, strict=True)]
        neutral = ops.cast(self.neutral, inputs[0].dtype)
        partial = any(mask is None for mask in masks)
        none_kept = False if partial else ops.logical_not(reduce(ops.logical_or, masks))
        kept = [True if mask is None else ops.logical_or(mask, none_kept) for mask in masks]
        return [x if keep is True else ops.where(keep, x, neutral) for x, keep in zip(inputs, kept, strict=True)]

    def merge(self, inputs: list) -> Any:
        """The elementwise result for inputs of equal rank."""
        raise abstract(self, "merge")

    def compute_mask(self, inputs, mask=None):
        """Kept where any input is kept; no mask if an input has none."""
        masks = _masks(self, inputs, mask)
        if any(each is None for each in masks):
            return None
        return reduce(ops.logical_or, masks)


def _aligned(inputs: Sequence[Any]) -> list:
    ndim = max(x.ndim for x in inputs)
    return [ops.reshape(x, (x.shape[0], *[1] * (ndim - x.ndim), *x.shape[1:])) if x.ndim < ndim else x for x in inputs]


def _widened(mask: Any, ndim: int) -> Any:
    return ops.reshape(mask, (*mask.shape, *[1] * (ndim - len(mask.shape))))


@register("layer")
class Add(_Merge):
    """`a + b + ...`."""

    def merge(self, inputs):
        return reduce(ops.add, inputs)


@register("layer")
class Subtract(_Merge):
    """`a - b`.

    Raises:
        ValueError: not two inputs.
    """

    def build(self, input_shape):
        super().build(input_shape)
        if len(input_shape) != 2:
            what = "A `Subtract` layer should be called on exactly 2 inputs."
            raise mistake(self, what, got=f"{len(input_shape)} inputs")

    def merge(self, inputs):
        return ops.subtract(*inputs)


@register("layer")
class Multiply(_Merge):
    """`a * b * ...`."""

    neutral = 1.0

    def merge(self, inputs):
        return reduce(ops.multiply, inputs)


@register("layer")
class Average(_Merge):
    """`(a + b + ...) / n`."""

    def merge(self, inputs):
        return reduce(ops.add, inputs) / len(inputs)


@register("layer")
class Maximum(_Merge):
    """The largest of the inputs, elementwise."""

    neutral = -math.inf

    def merge(self, inputs):
        return reduce(ops.maximum, inputs)


@register("layer")
class Minimum(_Merge):
    """The smallest of the inputs, elementwise."""

    neutral = math.inf

    def merge(self, inputs):
        return reduce(ops.minimum, inputs)


@register("layer")
class Concatenate(Layer):
    """The inputs side by side along `axis`.

    Raises:
        ValueError: they differ in another axis.
    """

    supports_masking = True

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        check_axes(self, axis)
        self.axis = axis

    def build(self, input_shape):
        _check_list(self, input_shape)
        others = [
            [size for axis, size in enumerate(shape) if axis not in (self.axis, self.axis + len(shape))]
            for shape in input_shape
        ]
        if len({len(shape) for shape in input_shape}) > 1 or any(
            len({*sizes} - {None}) > 1 for sizes in zip(*others, strict=True)
        ):
            what = "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis."
            expected = f"equal sizes except along axis {self.axis}"
            raise mistake(self, what, expected=expected, got=_listed(input_shape))

    def call(self, inputs):
        return ops.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs, mask=None):
        masks = _masks(self, inputs, mask)
        if all(each is None for each in masks):
            return None
        whole = []
        for x, each in zip(inputs, masks, strict=True):
            if each is None:
                whole.append(ops.ones_like(x, dtype="bool"))
            elif len(each.shape) == len(x.shape):
                whole.append(ops.cast(each, "bool"))
            else:
                whole.append(ops.logical_or(_widened(each, len(x.shape)), ops.zeros_like(x, dtype="bool")))
        return ops.any(ops.concatenate(whole, axis=self.axis), axis=-1)


@register("layer")
class Dot(Layer):
    """The inner product of two inputs over `axes`, for each sample.

    Shapes: `(batch, a, n), (batch, b, n) -> (batch, a, b)` for `axes=2`; a result without axes gets one of size 1.

    Args:
        axes: one axis for both, or one for each.
        normalize: whether both have length 1 along their axis first: the cosine.
    """

    supports_masking = True

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        pair = (axes, axes) if is_whole(axes) else axes
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(map(is_whole, pair)):
            raise mistake(self, "Invalid format for `axes`.", expected="an integer, or two of them", got=repr(axes))
        self.axes, self.normalize = axes, normalize
        self._pair = tuple(pair)

    def build(self, input_shape):
        _check_list(self, input_shape, least=2)
        if len(input_shape) != 2:
            what = "A `Dot` layer should be called on a list of 2 inputs."
            raise mistake(self, what, got=f"{len(input_shape)} inputs")
        sizes = [shape[axis] for shape, axis in zip(input_shape, self._pair, strict=True)]
        if None not in sizes and sizes[0] != sizes[1]:
            what = f"Incompatible input shapes: axis values {sizes[0]} and {sizes[1]} differ."
            raise mistake(self, what, expected=f"equal sizes along axes {self._pair}", got=_listed(input_shape))

    def call(self, inputs):
        x, y = inputs
        first, second = (axis % z.ndim for axis, z in zip(self._pair, inputs, strict=True))
        if self.normalize:
            x, y = ops.normalize(x, axis=first), ops.normalize(y, axis=second)
        x_axes, y_axes = list(range(x.ndim)), [0, *range(x.ndim, x.ndim + y.ndim - 1)]
        y_axes[second] = x_axes[first]
        kept = [axis for axis in (*x_axes, *y_axes[1:]) if axis != x_axes[first]]
        product = ops.einsum(f"{_letters(x_axes)},{_letters(y_axes)}->{_letters(kept)}", x, y)
        return ops.expand_dims(product, -1) if product.ndim == 1 else product

    def compute_mask(self, inputs, mask=None):
        return None


def _listed(shapes: Sequence[Any]) -> str:
    return " and ".join(str(tuple(shape)) for shape in shapes)


def _letters(axes: Sequence[int]) -> str:
    return "".join(chr(ord("a") + axis) for axis in axes)


def _applied(layer: type[Layer], name: str) -> Callable:
    def function(inputs, **kwargs):
        return layer(**kwargs)(inputs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The layer {layer.__name__}, applied."
    return function


add = _applied(Add, "add")
subtract = _applied(Subtract, "subtract")
multiply = _applied(Multiply, "multiply")
average = _applied(Average, "average")
maximum = _applied(Maximum, "maximum")
minimum = _applied(Minimum, "minimum")


def concatenate(inputs, axis=-1, **kwargs):
    """The inputs side by side: the layer Concatenate, applied."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs, axes=-1, **kwargs):
    """Inner products: the layer Dot, applied."""
    return Dot(axes=axes, **kwargs)(inputs)
