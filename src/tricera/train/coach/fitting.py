"""Whether last activation, loss and metrics belong together."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tricera import activations, losses
from tricera.train.coach.inside import makers_of

_BINARY = (losses.binary_crossentropy, losses.binary_focal_crossentropy)
SPARSE = (losses.sparse_categorical_crossentropy,)
_CATEGORICAL = (losses.categorical_crossentropy, losses.categorical_focal_crossentropy, losses.kl_divergence)
_DISTANCES = (losses.mean_squared_error, losses.mean_absolute_error, losses.mean_absolute_percentage_error)
CLASSES = (*_BINARY, *SPARSE, *_CATEGORICAL)


class Output(NamedTuple):
    """One output of a model: its place, its name where there are several, its units, what makes it and its loss."""

    place: int
    label: str
    units: int
    activation: Any
    loss: Any

    @property
    def function(self) -> Any:
        """The formula of the loss, if it is one of ours."""
        return getattr(self.loss, "fn", None)

    @property
    def wants_logits(self) -> bool:
        """Whether the loss takes numbers before the activation."""
        return bool(getattr(self.loss, "from_logits", False))


def outputs_of(model: Any) -> list[Output]:
    """The outputs of a graph whose losses are known."""
    loss, makers = model._compile_loss, makers_of(model)
    if loss is None or not makers:
        return []
    loss.build(model.output)
    several = len(loss.names) > 1
    graph = getattr(model, "_graph", None) or model
    rows = zip(loss.names, loss.losses, makers, graph.outputs, strict=False)
    return [
        Output(
            i,
            f"output {name!r}: " if several else "",
            tensor.shape[-1] if tensor.shape else 1,
            _activation(maker),
            each,
        )
        for i, (name, each, maker, tensor) in enumerate(rows)
    ]


def _activation(maker: Any) -> Any:
    """The function that the last layer ends in; None where nobody can say."""
    if type(maker).__name__ in ("Softmax", "ReLU"):
        return getattr(activations, type(maker).__name__.lower())
    return getattr(maker, "activation", None)


def notes(model: Any) -> Iterator[str]:
    """What is wrong with activations and losses, before any data are seen."""
    for output in outputs_of(model):
        if output.function in CLASSES and output.activation is not None:
            yield from (output.label + note for note in _of_classes(output))
        elif output.function in _DISTANCES and output.activation is activations.softmax and output.units > 1:
            yield output.label + (
                f"softmax and the loss {output.loss.name!r} learn slowly together: take 'categorical_crossentropy', or "
                "'sparse_categorical_crossentropy' for integer labels."
            )


def _of_classes(output: Output) -> Iterator[str]:
    activation, name = output.activation, output.loss.name
    squashes = activation in (activations.softmax, activations.sigmoid)
    if activation is activations.softmax and output.units == 1:
        yield (
            "softmax over one unit always answers 1: end in `Dense(1, activation='sigmoid')` with "
            "'binary_crossentropy'."
        )
    elif output.wants_logits and squashes:
        yield (
            f"the loss {name!r} takes logits, but the last layer already ends in {activation.__name__}: drop one of "
            "`from_logits=True` and the activation."
        )
    elif (
        not output.wants_logits
        and not squashes
        and activation in (activations.linear, activations.relu, activations.tanh)
    ):
        wanted = "sigmoid" if output.function in _BINARY else "softmax"
        yield (
            f"the loss {name!r} takes probabilities, but the last layer ends in {activation.__name__}: give it "
            f"`activation='{wanted}'`, or the loss `from_logits=True`."
        )
    elif activation is activations.softmax and output.function in _BINARY:
        yield (
            "softmax and 'binary_crossentropy' do not belong together: 'categorical_crossentropy' for one of several "
            "classes, 'sigmoid' for several at once."
        )
    elif activation is activations.sigmoid and output.function not in _BINARY and output.units > 1:
        yield (
            f"sigmoid and {name!r} do not belong together: 'softmax' for one of several classes, "
            "'binary_crossentropy' for several at once."
        )
