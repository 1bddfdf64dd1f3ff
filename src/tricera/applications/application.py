"""What every application shares: Keras' arguments, the input, the top, the weights from the cache or the network."""

import contextlib
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, ParamSpec

from tricera import activations, config, layers
from tricera.applications.published import published
from tricera.engine.graph import KerasTensor
from tricera.errors import report
from tricera.initializers import postponed
from tricera.models import Model

CLASSES = 1000
POOLS = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}
KERAS = "https://storage.googleapis.com/tensorflow/keras-applications/"
TF_KERNELS = "_weights_tf_dim_ordering_tf_kernels"


P = ParamSpec("P")
Body = Callable[[KerasTensor], KerasTensor]


class File(NamedTuple):
    """A file of weights on the network: its address, its hash where one is known, its name in the cache."""

    url: str
    hash: str | None = None
    name: str | None = None

    def path(self) -> str:
        """Where it lies on this machine."""
        return published(self.name or self.url.rpartition("/")[2], self.url, self.hash)


Files = Mapping[bool, File]  # with the top, and without


def files(stem: str, hashes: Sequence[str | None] = (None, None), without: str = "_notop") -> Files:
    """The files `<stem>.h5` with the top and `<stem><without>.h5` without it."""
    return {True: File(f"{stem}.h5", hashes[0]), False: File(f"{stem}{without}.h5", hashes[1])}


def axis(last: int = -1) -> int:
    """The axis of the channels; `last` where they are the last one."""
    return 1 if config.image_data_format() == "channels_first" else last


def in_eights(channels: float, least: float = 0.9) -> int:
    """The nearest multiple of 8, but not less than `least` of the channels."""
    near = max(8, int(channels + 4) // 8 * 8)
    return near + 8 if near < least * channels else near


def halving_pad(x: KerasTensor, window: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The padding of rows and of columns with which a window of strides 2 halves a size as in Caffe: even sizes get
    one row less before than after. Unknown sizes count as even."""
    rows, columns = x.shape[1:3] if axis() == -1 else x.shape[2:4]
    before, after = ((window // 2 - (size is None or size % 2 == 0), window // 2) for size in (rows, columns))
    return before, after


def classifier(x: KerasTensor, classes: int, activation: Any, *, dropout: float = 0.0, **dense: Any) -> KerasTensor:
    """The usual top: the mean over the image, and a dense layer."""
    x = layers.GlobalAveragePooling2D(name="avg_pool")(x)
    if dropout:
        x = layers.Dropout(dropout, name="top_dropout")(x)
    return layers.Dense(classes, activation=activation, name="predictions", **dense)(x)


def assemble(
    body: Body,
    files: Files,
    *,
    name: str,
    include_top: bool,
    weights: Any,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    pooling: str | None,
    classes: int,
    classifier_activation: Any,
    top: Callable[[KerasTensor, int, Any], KerasTensor] = classifier,
    bare: Body | None = None,
    size: int = 224,
    least: int = 32,
    flat: bool = False,
    fixed: bool = True,
    named_pools: bool = False,
) -> Model:
    """The model of a body and a top or a pooling, with its weights.

    Args:
        bare: what ends the model where there is no top.
        size: the height and width of the images it was made for.
        least: the least height and width that it can be given.
        flat: whether the top sees each place of the features by itself, so that weights fit one size only.
        fixed: whether the size must be known with the top.
        named_pools: whether the pooling is called `avg_pool` or `max_pool`.
    """
    _check(name, weights, include_top, classes, classifier_activation, pooling)
    with postponed() if weights is not None else contextlib.nullcontext():  # a file will say them
        start = _input_of(name, input_tensor, input_shape, size, least, fixed and include_top)
        if weights == "imagenet":
            _check_images(name, start.shape, size if flat and include_top else None)
        x = body(start)
        if include_top:
            x = top(x, classes, classifier_activation)
        elif pooling is not None:
            x = POOLS[pooling](name=f"{pooling}_pool" if named_pools else None)(x)
        if bare and not include_top:
            x = bare(x)
        model = Model(_source(start), x, name=name)
    if weights is not None:
        model.load_weights(files[include_top].path() if weights == "imagenet" else weights)
    return model


def application(public: str, body: Body, files: Files, *, name: str = "", **more: Any):
    """A public function of Keras' usual arguments; `more` is what `assemble` is to know."""
    return usual(public, body, functools.partial(assemble, body, files, **more), name or public.lower())


def usual(public: str, body: Body, build: Callable[..., Model], name: str):
    """A public function that gives `build` Keras' usual arguments."""

    def signature(
        include_top=True,
        weights="imagenet",
        input_tensor=None,
        input_shape=None,
        pooling=None,
        classes=CLASSES,
        classifier_activation="softmax",
        name=name,
    ):
        return locals()

    return function(public, body, signature, build)


def function(
    public: str, body: Body, signature: Callable[P, dict[str, Any]], build: Callable[..., Model]
) -> Callable[P, Model]:
    """The public function that gives `build` what `signature` makes of its arguments."""
    signature.__name__ = signature.__qualname__ = public
    family = body.func if isinstance(body, functools.partial) else body

    @functools.wraps(signature)
    def create(*args: P.args, **kwargs: P.kwargs) -> Model:
        return build(**signature(*args, **kwargs))

    create.__module__, create.__doc__ = family.__module__, f"{family.__doc__}\n\n{_ARGUMENTS}"
    return create


_ARGUMENTS = """    Args:
        include_top: whether with the classifier; then the size of the images is fixed.
        weights: None for random ones, "imagenet", or the path of a file.
        input_tensor: a symbolic tensor to begin with, instead of a new input.
        input_shape: of an image, without the batch.
        pooling: without the top: None, "avg" or "max" over height and width.
        classes: the number of classes of the top.
        classifier_activation: of the top; None for logits.

    Raises:
        ValueError: shape, weights, classes or pooling do not fit together.
    """


def _check(name: str, weights: Any, include_top: bool, classes: int, activation: Any, pooling: Any) -> None:
    if weights not in (None, "imagenet") and not os.path.exists(weights):
        raise ValueError(
            report(
                f"{name}: the `weights` are not known.",
                expected="None (random weights), 'imagenet', or the path of a weights file",
                got=repr(weights),
            )
        )
    if pooling is not None and pooling not in POOLS:
        raise ValueError(report(f"{name}: unknown `pooling`.", expected="None, 'avg' or 'max'", got=repr(pooling)))
    if weights != "imagenet" or not include_top:
        return
    if classes != CLASSES:
        raise ValueError(
            report(
                f"{name}: the weights of ImageNet with the top are for {CLASSES} classes.",
                got=f"classes={classes}",
                fix="`include_top=False` and a Dense layer of your own, or `weights=None`.",
            )
        )
    if activations.get(activation) not in (activations.softmax, activations.linear):
        raise ValueError(
            report(
                f"{name}: the weights of ImageNet with the top are for probabilities or their logits.",
                expected="classifier_activation 'softmax' or None",
                got=repr(activation),
            )
        )


def _input_of(
    name: str,
    input_tensor: Any,
    input_shape: Sequence[int | None] | None,
    size: int,
    least: int,
    fixed: bool,
) -> KerasTensor:
    """The tensor that an application begins with; `fixed`: its size must be known."""
    channels_first = config.image_data_format() == "channels_first"
    if input_shape is None:
        side = size if fixed else None
        input_shape = (3, side, side) if channels_first else (side, side, 3)
    sides = tuple(input_shape)[1:] if channels_first else tuple(input_shape)[:-1]
    if len(input_shape) != 3 or any(side is not None and side < least for side in sides):
        raise ValueError(
            report(
                f"{name}: the input shape is not one of images, or they are too small.",
                expected=f"three sizes, height and width at least {least}",
                got=f"input_shape={tuple(input_shape)}",
            )
        )
    if fixed and None in sides:
        raise ValueError(
            report(
                f"{name}: with the top, the size of the images must be known.",
                got=f"input_shape={tuple(input_shape)}",
                fix="name height and width, or `include_top=False`.",
            )
        )
    if input_tensor is None:
        return layers.Input(tuple(input_shape))
    return input_tensor if isinstance(input_tensor, KerasTensor) else layers.Input(tensor=input_tensor)


def _check_images(name: str, shape: tuple[int | None, ...], size: int | None) -> None:
    """Raise ValueError where published weights do not fit such images; `size`: the only one they are for."""
    wanted = (3, size, size) if axis() == 1 else (size, size, 3)
    if any(have != want for have, want in zip(shape[1:], wanted, strict=True) if want is not None):
        raise ValueError(
            report(
                f"{name}: the weights of ImageNet are not for such images.",
                expected=f"({', '.join('any' if want is None else str(want) for want in wanted)})",
                got=shape[1:],
                fix="images of that shape, `include_top=False` where only the size differs, or `weights=None`.",
            )
        )


def _source(tensor: KerasTensor) -> Any:
    """The inputs of the graph that makes a tensor."""
    if tensor.node is None or tensor.node.is_input:
        return tensor
    found = {id(each): each for parent in tensor.node.input_tensors for each in [_source(parent)]}
    return next(iter(found.values())) if len(found) == 1 else list(found.values())
