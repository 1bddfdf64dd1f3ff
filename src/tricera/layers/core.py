"""Inputs, layers around functions and around other layers: Identity, Lambda, Masking, Wrapper."""

from collections.abc import Callable
from typing import Any

from tricera import ops
from tricera.engine import dtypes, registry, scope
from tricera.engine.configured import argument_names
from tricera.engine.graph import KerasTensor, Node
from tricera.engine.inputs import CallSpec
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.layers.arguments import adopt, is_whole, mistake


@register("layer")
class InputLayer(Layer):
    """The place where a value enters a graph; `output` is its symbolic tensor.

    Args:
        shape: the sizes without the batch axis, None where unknown.
        batch_shape: the sizes with the batch axis.
        input_tensor: what the value is where none is given: an array, or a symbolic tensor of the graph before.
        optional: whether None may be given for it.

    Raises:
        TypeError: `shape` is no sequence of sizes.
        ValueError: both or neither of `shape` and `batch_shape`, both of `batch_size` and `batch_shape`, or what does
            not agree with a symbolic `input_tensor`.
    """

    is_source = True  # graphs begin at its tensor, even where that is computed

    def __init__(
        self,
        shape=None,
        batch_size=None,
        dtype=None,
        sparse=None,
        ragged=None,
        batch_shape=None,
        input_tensor=None,
        optional=False,
        name=None,
        **kwargs,
    ):
        super().__init__(name=name)
        if "batch_input_shape" in kwargs:  # Keras 2's names
            batch_shape = kwargs.pop("batch_input_shape")
        if "input_shape" in kwargs:
            shape = kwargs.pop("input_shape")
        kwargs.pop("trainable", None)
        if kwargs:
            known = argument_names(type(self))
            raise TypeError(registry.unknown("argument", next(iter(kwargs)), dict.fromkeys(known)))
        if isinstance(input_tensor, KerasTensor):
            given = {"shape": shape, "batch_size": batch_size, "batch_shape": batch_shape}
            _check_agrees(self, input_tensor, **given, dtype=dtype, sparse=sparse)
        if input_tensor is not None:
            batch_size = None
            shape, batch_shape, dtype = None, tuple(input_tensor.shape), dtype or dtypes.dtype_of(input_tensor)
        self.batch_shape = _batch_shape(self, shape, batch_size, batch_shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        self.sparse, self.ragged, self.optional = bool(sparse), bool(ragged), bool(optional)
        if is_input(input_tensor):
            Node(self, outputs=input_tensor)
        else:
            tensor = KerasTensor(self.batch_shape, self._dtype, sparse=self.sparse, ragged=self.ragged, name=self.name)
            Node(self, () if input_tensor is None else (input_tensor,), outputs=tensor)
        self.built = True

    @property
    def dtype(self):
        """The dtype of the values."""
        return self._dtype

    def call(self, inputs=None):
        return inputs

    def get_config(self):
        names = ("batch_shape", "dtype", "sparse", "ragged", "name", "optional")
        return {name: getattr(self, name) for name in names}


def Input(
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    ragged=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
):
    """A symbolic tensor that stands for values to be given later.

    >>> Input((28, 28, 1)).shape
    (None, 28, 28, 1)

    Raises:
        TypeError: `shape` is no sequence of sizes.
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output


def is_input(tensor: Any) -> bool:
    """Whether `tensor` is symbolic, and its value is to be given."""
    return isinstance(tensor, KerasTensor) and (tensor.node is None or tensor.node.is_input)


def _check_agrees(layer: Layer, tensor: KerasTensor, **given: Any) -> None:
    """Raise ValueError if what is given beside a symbolic tensor is not so."""
    size, *rest = tensor.shape
    has = {"shape": tuple(rest), "batch_size": size, "batch_shape": (size, *rest)}
    has |= {"dtype": tensor.dtype, "sparse": tensor.sparse}
    for name, value in given.items():
        asked = tuple(value) if isinstance(value, list) else value
        if name == "dtype" and value is not None:
            asked = dtypes.standardize_dtype(value)
        if value is not None and not _agree(asked, has[name]):
            what = f"You cannot provide an incompatible `{name}` with `input_tensor`."
            raise mistake(layer, what, expected=repr(has[name]), got=repr(value))


def _agree(asked: Any, has: Any) -> bool:
    """Whether they are the same, or shapes that differ where any size is asked for."""
    if isinstance(asked, tuple) and len(asked) == len(has):
        return all(a is None or a == b for a, b in zip(asked, has, strict=True))
    return asked == has


def _batch_shape(layer: Layer, shape: Any, batch_size: Any, batch_shape: Any) -> tuple[int | None, ...]:
    if shape is None and batch_shape is None:
        fix = "for example `Input(shape=(784,))`: the sizes of one sample."
        raise mistake(layer, "You must pass a `shape` argument.", fix=fix)
    for name, value in {"shape": shape, "batch_size": batch_size}.items():
        if batch_shape is not None and value is not None:
            what = f"You cannot pass both `{name}` and `batch_shape`."
            raise mistake(layer, what, got=f"{name}={value} and batch_shape={batch_shape}")
    if batch_shape is not None:
        return _checked(layer, "batch_shape", batch_shape)
    return (batch_size, *_checked(layer, "shape", shape))


def _checked(layer: Layer, name: str, shape: Any) -> tuple[int | None, ...]:
    fix = f"`{name}=({shape},)`: a tuple with one size needs a comma." if is_whole(shape) else None
    if isinstance(shape, str) or not hasattr(shape, "__iter__"):
        what, expected = f"`{name}` must be a tuple of sizes.", "a tuple of integers, or None where unknown"
        raise mistake(layer, what, kind=TypeError, expected=expected, got=repr(shape), fix=fix)
    sizes = tuple(shape)
    for size in sizes:
        if size is not None and (not is_whole(size) or size < 0):
            what, expected = f"{size!r} is not a size.", "non-negative integers, or None where unknown"
            raise mistake(layer, f"Cannot convert `{name}` to a shape: {what}", expected=expected, got=repr(shape))
    return tuple(size if size is None else int(size) for size in sizes)


@register("layer")
class Identity(Layer):
    """`x`."""

    stateless = True
    supports_masking = True

    def __init__(self, **kwargs):
        super().__init__(**kwargs)

    def call(self, inputs):
        return inputs


_CODE = ("code", "defaults", "closure")


@register("layer")
class Lambda(Layer):
    """`function(x, **arguments)`.

    Args:
        function: of arrays (or symbolic tensors, by `keras.ops`); may have arguments `mask` and `training`.
        output_shape: where it cannot be traced: the shape without the batch axis, or a function of the input's shape.
        mask: the output's mask, or a function `(inputs, mask)` that computes it.
        arguments: more keyword arguments of the function.
    """

    config_if_set = ("output_shape", "mask")

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function) and not isinstance(function, dict):
            raise mistake(self, "`function` must be callable.", kind=TypeError, got=repr(function))
        self.function = function
        self.arguments_given = arguments or {}
        self._shape, self.mask = output_shape, mask
        self.supports_masking = mask is not None
        self._wants = set(CallSpec(function).names) if callable(function) else set()

    def call(self, inputs, mask=None, training=None):
        wanted = {"mask": mask, "training": training}
        extra = {name: value for name, value in wanted.items() if name in self._wants}
        return self.function(inputs, **{**extra, **self.arguments_given})

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape):
        if self._shape is None:
            return super().compute_output_shape(input_shape)
        if callable(self._shape):
            return self._shape(input_shape)
        first = input_shape[0] if isinstance(input_shape[0], list | tuple) else input_shape
        return (first[0], *self._shape)

    def get_config(self):
        return {**super().get_config(), "arguments": registry.serialize(self.arguments_given)}

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        """The layer of a configuration of any Keras; a function that is stored as code is made only if that is safe."""
        config = {name: value for name, value in config.items() if not name.endswith("module")}
        for part in ("function", "output_shape", "mask"):
            kind, value = config.pop(f"{part}_type", None), config.get(part)
            if kind == "lambda" or (part == "function" and isinstance(value, list)):  # as Keras 1 and 2 wrote it
                config[part] = {"class_name": "__lambda__", "config": dict(zip(_CODE, value, strict=False))}
            elif kind == "function" or (part == "function" and isinstance(value, str)):
                config[part] = {"class_name": "function", "config": value}
        with scope.guarded(safe_mode):
            return super().from_config(config, custom_objects)


@register("layer")
class Masking(Layer):
    """`x`, with the time steps left out in which every feature is `mask_value`.

    Shapes: `(batch, steps, features)`, unchanged; mask `(batch, steps)`.
    """

    stateless = True
    supports_masking = True

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        adopt(self, locals())

    def call(self, inputs):
        kept = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * ops.cast(kept, inputs.dtype)

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)


@register("layer")
class Wrapper(Layer):
    """Base of layers that change what another `layer` does.

    Raises:
        ValueError: `layer` is no layer.
    """

    def __init__(self, layer, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            what = f"Layer {layer!r} supplied to Wrapper isn't a supported layer type."
            what = f"{what} Please ensure wrapped layer is a valid Keras layer."
            raise mistake(self, what, expected="a Layer", got=type(layer).__name__)
        self.layer = layer

    def build(self, input_shape=None):
        if not self.layer.built:
            self.layer.build(input_shape)


def deserialize(config: Any, custom_objects: Any = None) -> Layer:
    """The layer of a configuration that `serialize` made, built if it was."""
    layer = registry.deserialize(config, registry.LAYERS, custom_objects)
    built = config.get("build_config") if isinstance(config, dict) else None
    if built and not layer.built:
        layer.build_from_config(built)
    return layer


def serialize(layer: Layer) -> dict[str, Any]:
    """The layer's class and configuration as plain data."""
    return registry.serialize(layer)


def get(identifier: Any) -> Layer | Callable | None:
    """The layer that a name, a configuration or a class means."""
    return registry.resolve("layer", identifier)
