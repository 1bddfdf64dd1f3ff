"""Cross-validation: a model trained on each choice of folds and measured on the one left out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tricera.callbacks import Callback
from tricera.callbacks.progress import Progbar
from tricera.errors import report
from tricera.model_selection import together
from tricera.model_selection.folds import folds
from tricera.preprocessing.scaling import StandardScaler
from tricera.train.data import Arrays, count, to_arrays
from tricera.utils.splits import at

History = dict[str, list[float]]


@dataclass
class CrossValidation:
    """What cross-validation found.

    Args:
        histories: of each fold, the values of each epoch by name, as in `History.history`.
        folds: of each fold, the numbers of the training samples and of the held-out ones.
        in_one_program: whether the folds of an iteration were trained together.
    """

    histories: list[History] = field(default_factory=list)
    folds: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list)
    in_one_program: bool = False

    @property
    def mean(self) -> dict[str, np.ndarray]:
        """The mean over the folds of each epoch, by name; as many epochs as the shortest fold has."""
        return {name: values.mean(0) for name, values in self._by_name().items()}

    @property
    def deviation(self) -> dict[str, np.ndarray]:
        """The standard deviation over the folds of each epoch, by name."""
        return {name: values.std(0) for name, values in self._by_name().items()}

    def _by_name(self) -> dict[str, np.ndarray]:
        first = self.histories[0]
        columns = {name: [history[name] for history in self.histories] for name in first}
        return {name: np.array([v[: min(map(len, values))] for v in values]) for name, values in columns.items()}

    def __str__(self) -> str:
        means, deviations = self.mean, self.deviation
        last = [f"{name} {means[name][-1]:.4f} ± {deviations[name][-1]:.4f}" for name in means if name[:4] == "val_"]
        return f"{len(self.histories)} folds, {len(next(iter(means.values())))} epochs: {', '.join(last)}"


def cross_validate(
    build_fn: Callable[[], Any],
    x: Any,
    y: Any = None,
    k: int = 4,
    iterations: int = 1,
    epochs: int = 1,
    batch_size: int = 32,
    standardize: bool = False,
    shuffle_folds: bool | None = None,
    stratify: Any = None,
    seed: int | None = None,
    one_program: bool | str = "auto",
    verbose: Any = "auto",
    **fit_arguments: Any,
) -> CrossValidation:
    """Train `k` models, each on all folds but one, and measure each on that one.

    The program of a model is compiled once for all folds; small models are trained all at the same time, in one
    program, with the results of one after the other.

    Args:
        build_fn: makes a compiled model; called anew for each fold.
        x: arrays, or a nesting of them.
        iterations: rounds of k folds; with more than one, each draws its own folds.
        standardize: bring the features of `x` to mean 0 and deviation 1, by the training folds alone.
        shuffle_folds: whether folds are drawn at random; by default where there are several iterations.
        stratify: labels; each of them is in each fold as often as in all samples.
        seed: of the folds; without it NumPy's global generator says it.
        one_program: True to train the folds together, False to train them one after the other.
        verbose: 0 for no progress bar.
        fit_arguments: of `fit`; with callbacks, weights and the like, folds are trained one after the other.

    Raises:
        ValueError: data that do not fit, or `one_program=True` where it cannot be.

    >>> found = cross_validate(build, x, y, k=4, epochs=100, batch_size=16, standardize=True)  # doctest: +SKIP
    >>> found.mean["val_mae"].argmin() + 1  # the number of epochs to train for  # doctest: +SKIP
    """
    x, y = to_arrays(x, "x"), to_arrays(y, "y")
    samples = count((x, y))
    if standardize and not hasattr(x, "shape"):
        raise ValueError(report("`standardize` takes a single array.", got=f"x of type {type(x).__name__}"))
    shuffled = iterations > 1 if shuffle_folds is None else shuffle_folds
    found = CrossValidation()
    bar = Progbar(k * iterations * epochs, verbose=1 if verbose == "auto" else int(verbose), unit_name="epoch")
    for iteration in range(iterations):
        chosen = folds(samples, k, shuffled, stratify, None if seed is None else seed + iteration)
        parts = (_parts(x, y, fold, standardize) for fold in chosen)
        fits = _Fits(build_fn, epochs, batch_size, fit_arguments, bar)
        histories, found.in_one_program = fits.all(parts, one_program)
        found.histories += histories
        found.folds += chosen
    return found


def _parts(x: Any, y: Any, fold: tuple[np.ndarray, np.ndarray], standardize: bool) -> tuple[Any, Any]:
    """`(x, y)` to train with, and the ones held out."""
    (x_train, y_train), (x_held, y_held) = ((at(x, chosen), None if y is None else at(y, chosen)) for chosen in fold)
    if standardize:
        scaler = StandardScaler().fit(x_train)
        x_train, x_held = (to_arrays(scaler.transform(part), "x") for part in (x_train, x_held))
    return (x_train, y_train), (x_held, y_held)


class _Fits:
    """The trainings of one iteration, together or one after the other."""

    def __init__(self, build_fn: Callable, epochs: int, batch_size: int, arguments: dict[str, Any], bar: Progbar):
        self._build, self._epochs, self._batch_size = build_fn, epochs, batch_size
        self._arguments, self._bar = arguments, bar

    def all(self, parts: Iterator[Any], one_program: Any) -> tuple[list[History], bool]:
        """The history of each fold, and whether they were trained together."""
        first = next(parts)
        model = self._build()
        train = Arrays(*first[0], None, self._batch_size)
        why_not = "it was asked for one after the other" if one_program is False else self._why_apart(model, train)
        if one_program is True and why_not:
            what = "The folds cannot be trained in one program."
            raise ValueError(report(what, got=why_not, fix="one_program=False"))
        folds_of = self._each(model, first, parts)
        if why_not:
            return [self._alone(*each) for each in folds_of], False
        shuffle = self._arguments.get("shuffle", True)
        return together.fit(folds_of, self._epochs, self._batch_size, shuffle, self._tell), True

    def _each(self, model: Any, first: Any, parts: Iterator[Any]) -> Iterator[tuple[Any, Any, Any]]:
        """`(model, train, held)` of each fold; a model is made when its turn comes, so that seeds are drawn alike."""
        yield model, *first
        for train, held in parts:
            yield self._build(), train, held

    def _why_apart(self, model: Any, train: Arrays) -> str | None:
        if others := sorted(set(self._arguments) - {"shuffle"}):
            return f"`{others[0]}` is given"
        return together.why_not(model, train)

    def _tell(self, epochs: int, logs: dict[str, float]) -> None:
        self._bar.add(epochs, list(logs.items()))

    def _alone(self, model: Any, train: Any, held: Any) -> History:
        callbacks = [*(self._arguments.get("callbacks") or []), _Told(self._tell)]
        arguments = self._arguments | {"callbacks": callbacks}
        settings = {"epochs": self._epochs, "batch_size": self._batch_size, "verbose": 0, "validation_data": held}
        return model.fit(*train, **settings, **arguments).history


class _Told(Callback):
    """Tells of each epoch."""

    def __init__(self, tell: Callable[[int, dict[str, float]], None]):
        super().__init__()
        self._tell = tell

    def on_epoch_end(self, epoch, logs=None):
        self._tell(1, logs or {})
