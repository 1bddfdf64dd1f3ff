"""Where in an image a class was seen."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera.activations import linear, sigmoid, softmax
from tricera.engine.inputs import where
from tricera.engine.pure import pure
from tricera.errors import report
from tricera.utils.image.files import img_to_array, load_img
from tricera.visualization import figure as figures
from tricera.visualization import inside


def class_heatmap(
    model: Any,
    image: Any,
    class_index: int | None = None,
    layer: str | None = None,
    preprocess: Callable | None = None,
    photo: Any = None,
    class_names: Sequence[str] | None = None,
    path: Any = None,
) -> Any:
    """Grad-CAM: the photo, and over it where the last convolution saw what speaks for a class.

    Args:
        image: as the model takes it; or the path of an image file, with `preprocess`.
        class_index: the class; the most probable one otherwise. Of a single sigmoid unit, 1 is the class that it
            stands for and 0 the other.
        layer: the name of a convolution; the last one otherwise.
        preprocess: what makes the input of pixels from 0 to 255, such as `vgg16.preprocess_input`.
        photo: the array or the file to draw the heat over, of any size; `image` otherwise.
        class_names: the names of the classes; their numbers otherwise.
        path: where to save the picture, by its suffix PNG, SVG or PDF.

    Raises:
        ValueError: the layer is no convolution or not there, the image has the wrong size, or there is no such class.

    Reference: Selvaraju et al., 2017, arXiv:1610.02391.
    """
    convolution = inside.find(model, layer, inside.is_image_convolution, "convolution over images")
    if isinstance(image, str | Path):
        photo = load_img(image) if photo is None else photo
        image = img_to_array(load_img(image, target_size=_size(model), interpolation="bilinear"))
    image = np.asarray(image)
    shown = np.asarray(load_img(photo) if isinstance(photo, str | Path) else image if photo is None else photo)
    x = inside.one_image(model, image if preprocess is None else preprocess(image.copy()), "`class_heatmap`")
    heat, probabilities, index = heat_of(model, x, convolution, class_index)
    name = figures.names_of(class_names, len(probabilities))[index]
    title = f"{name}: {probabilities[index]:.1%}" if class_names else f"class {name}: {probabilities[index]:.1%}"
    return figures.finish(_drawn(figures.photo(shown), heat, title, convolution.name), path)


def _size(model: Any) -> tuple[int, int] | None:
    sides = [n for n in model.inputs[0].shape[1:] if n not in (1, 3)]
    return (sides[0], sides[1]) if len(sides) == 2 and None not in sides else None


def heat_of(model: Any, x: Any, convolution: Any, class_index: int | None = None) -> tuple[np.ndarray, np.ndarray, int]:
    """The heat, from 0 to 1, `(height, width)` of the convolution; the probabilities of the classes; the class."""
    program = inside.kept_by(model, ("heat", convolution.name), lambda: _program(model, convolution))
    index = -1 if class_index is None else _checked(model, class_index)
    heat, probabilities, index = jax.device_get(program(inside.values_of(model), x, np.int32(index)))
    return heat, probabilities, int(index)


def _checked(model: Any, class_index: int) -> int:
    units = model.outputs[0].shape[-1]
    classes = max(units, 2)
    if not isinstance(class_index, int | np.integer) or not 0 <= class_index < classes:
        raise ValueError(
            report(
                f"{where(model)}: there is no class {class_index!r}.",
                expected=f"an integer from 0 to {classes - 1}: the output has {units} unit{'s' * (units > 1)}",
            )
        )
    return int(class_index)


def _program(model: Any, convolution: Any) -> Callable:
    """`(values, x, class) -> heat, probabilities, class`: the maps `A`, each weighted by the mean slope of the class's
    score along it: `relu(sum_k mean(dy / dA_k) A_k)`; the score is what softmax or sigmoid are given.

    The slope is that along a zero added to the maps: nothing below them is differentiated, and whatever way the
    model takes around them is.
    """
    last = next(iter(inside.makers_of(model)), None)
    activation = getattr(last, "activation", None)
    squashing = activation if activation in (softmax, sigmoid) else None

    def forward(shift: Any, x: Any) -> tuple[Any, Any]:
        seen: list[Any] = []

        def tap(_: Any, call: Callable, *args: Any, **kwargs: Any) -> Any:
            seen.append(call(*args, **kwargs) + shift)
            return seen[-1]

        unsquashed = inside.replaced(last, "activation", linear) if squashing else contextlib.nullcontext()
        with inside.tapped([convolution], tap), unsquashed:
            scores = model(x)
        return scores.reshape(-1), seen[-1]

    def run(x: Any, index: Any) -> tuple[Any, Any, Any]:
        def score(shift: Any) -> tuple[Any, Any]:
            scores, maps = forward(shift, x)
            found = squashing(scores) if squashing else scores
            if len(scores) == 1:
                scores, found = jnp.stack([-scores[0], scores[0]]), jnp.stack([1 - found[0], found[0]])
            chosen = jnp.where(index < 0, found.argmax(), index)
            return scores[chosen], (maps, found, chosen)

        shift = jax.tree_util.tree_map(lambda s: jnp.zeros(s.shape, s.dtype), jax.eval_shape(forward, 0.0, x)[1])
        slopes, (maps, found, chosen) = jax.grad(score, has_aux=True)(shift)
        slopes, maps = (inside.channels_last(convolution, each)[0] for each in (slopes, maps))
        heat = jax.nn.relu((slopes.mean((0, 1)) * maps).sum(-1))
        return heat / jnp.maximum(heat.max(), jnp.finfo(heat.dtype).tiny), found, chosen

    compiled = jax.jit(pure(run, model.variables, training=False))
    return lambda *args: compiled(*args)[0]


def _drawn(photo: np.ndarray, heat: np.ndarray, title: str, name: str) -> Any:
    height, width = photo.shape[:2]
    rows = 0.5 * (figures.WIDTH - 0.8) * height / width + 0.5
    figure, (left, right) = figures.new(figures.WIDTH, rows, ncols=2)
    gray = "gray" if photo.ndim == 2 else None
    for axis, said in ((left, title), (right, f"where {name} saw it")):
        axis.imshow(photo, cmap=gray, extent=(0, width, height, 0))
        figures.bare(axis, said, fontsize=11)
    over = {"cmap": "inferno", "vmin": 0, "vmax": 1, "extent": (0, width, height, 0), "interpolation": "bicubic"}
    right.imshow(heat, alpha=0.15 + 0.6 * heat, **over)
    bar = figure.colorbar(_scale(), ax=right, shrink=0.85, pad=0.02, ticks=(0, 1))
    bar.ax.set_yticklabels(["none", "most"])
    bar.outline.set_visible(False)
    return figure


def _scale() -> Any:
    """The colours without the transparency that the picture has."""
    from matplotlib.cm import ScalarMappable

    return ScalarMappable(cmap="inferno")
