"""What layers compute inside of a model, wherever they stand in it."""

import difflib
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera import config
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.engine.pure import pure
from tricera.errors import nearest, report
from tricera.layers.conv import SpatialFilter
from tricera.train.coach.inside import layers_of as layers_of
from tricera.train.coach.inside import makers_of as makers_of
from tricera.train.coach.inside import replaced as replaced
from tricera.train.coach.inside import tapped as tapped

_SHOWN = 8  # names of layers that an error lists


def find(model: Any, name: Any, of_kind: Callable[[Any], bool] = lambda layer: True, kind: str = "layer") -> Any:
    """The layer of this name; the last one of a kind where `name` is None.

    Raises:
        ValueError: there is none; the names that are there are listed, nearest first.
    """
    layers = layers_of(model)
    chosen = [layer for layer in layers if of_kind(layer)]
    if isinstance(name, Layer):
        name = name.name
    if name is None:
        if not chosen:
            raise ValueError(
                report(
                    f"{where(model)} has no {kind}.",
                    got=_listed([f"{layer.name} ({type(layer).__name__})" for layer in layers]),
                )
            )
        return chosen[-1]
    for layer in layers:
        if layer.name == name:
            if layer not in chosen:
                raise ValueError(_of_another_kind(layer, kind, [each.name for each in chosen]))
            return layer
    names = _by_likeness(str(name), [layer.name for layer in chosen])
    near = nearest(str(name), names)
    raise ValueError(
        report(
            f"{where(model)} has no layer {name!r}.",
            expected=_listed(names),
            fix=f"did you mean {near!r}?" if near else None,
        )
    )


def _of_another_kind(layer: Any, kind: str, names: Sequence[str]) -> str:
    return report(
        f"{where(layer)} is no {kind}.",
        expected=_listed(_by_likeness(layer.name, names)) if names else f"a {kind}; the model has none",
        got=type(layer).__name__,
    )


def _by_likeness(name: str, names: Sequence[str]) -> list[str]:
    return sorted(names, key=lambda each: -difflib.SequenceMatcher(None, name, each).ratio())


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def is_image_convolution(layer: Any) -> bool:
    """Whether a layer slides windows over height and width."""
    return isinstance(layer, SpatialFilter) and layer.rank == 2


def channels_last(layer: Any, maps: Any) -> Any:
    """The output of a layer with its channels on the last axis."""
    channels_first = getattr(layer, "data_format", config.image_data_format()) == "channels_first"
    return jnp.moveaxis(maps, 1, -1) if channels_first and maps.ndim > 2 else maps


def outputs_of(model: Any, layers: Sequence[Any], x: Any) -> dict[str, Any]:
    """What each of the layers makes of a batch, channels last, by name, in the order they run; of many uses the last.

    All in one program, which the model keeps.
    """

    def make() -> Callable:
        def run(x: Any) -> dict[str, Any]:
            seen: dict[str, Any] = {}

            def tap(layer: Any, call: Callable, *args: Any, **kwargs: Any) -> Any:
                seen.pop(layer.name, None)
                seen[layer.name] = output = call(*args, **kwargs)
                return output

            with tapped(layers, tap):
                model(x)
            kept = [(layer, seen.get(layer.name)) for layer in layers]
            order.extend(seen)
            return {layer.name: channels_last(layer, maps) for layer, maps in kept if hasattr(maps, "ndim")}

        order: list[str] = []
        compiled = jax.jit(pure(run, model.variables, training=False))
        return lambda *args: (compiled(*args)[0], order)

    found, order = kept_by(model, ("outputs", *(layer.name for layer in layers)), make)(values_of(model), x)
    return {name: np.asarray(found[name]) for name in dict.fromkeys(order) if name in found}


def values_of(model: Any) -> list[Any]:
    """The values of the model's variables, in the order that `pure` takes them."""
    return [variable.value for variable in model.variables]


def kept_by(model: Any, name: tuple, make: Callable[[], Any]) -> Any:
    """A program that looks into the model, made once for as long as nothing in the model changes."""
    return model._keep(("inside", *name), make)


def one_image(model: Any, image: Any, what: str) -> np.ndarray:
    """An image as a batch of one, fit for the model, which is built.

    Raises:
        ValueError: it is not one image, or not of the size that the model takes.
    """
    x = np.asarray(image)
    x = x[None] if x.ndim == 3 else x
    wanted = model.inputs[0].shape if getattr(model, "_graph", model) is not None and model.built else (None,) * 4
    fits = x.ndim == len(wanted) == 4 and all(n in (None, m) for n, m in zip(wanted[1:], x.shape[1:], strict=True))
    if not fits or len(x) != 1:
        sides = [n for n in wanted[1:] if n is None or n > 4] if len(wanted) == 4 else []
        sized = fits is False and x.ndim == 4 and len(sides) == 2 and None not in sides
        raise ValueError(
            report(
                f"{where(model)}: {what} takes one image of the size that the model takes.",
                expected=tuple(wanted[1:]),
                got=f"{x.shape[1:]}" if len(x) == 1 else f"shape {x.shape}",
                fix=f"`load_img(path, target_size=({sides[0]}, {sides[1]}))`, or `ops.image.resize`."
                if sized
                else "give one of them: `images[0]`."
                if x.ndim == 4 and len(x) > 1
                else None,
            )
        )
    x = x.astype(config.floatx())
    model._outputs_for(x)
    return x
