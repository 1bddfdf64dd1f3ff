"""One page that says what a model is, how it was trained and what it does."""

import platform
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import jax
import numpy as np

from tricera import config
from tricera.engine.random import get_random_seed
from tricera.train.coach.inside import layers_of
from tricera.train.coach.say import all_notes, of_curves
from tricera.train.data import Arrays
from tricera.visualization import figure as figures
from tricera.visualization import measured as measuring
from tricera.visualization.confusion import confusion_matrix
from tricera.visualization.curves import learning_curves
from tricera.visualization.graph import model_graph
from tricera.visualization.images import predictions
from tricera.visualization.page import Page

_WORST = 16
_IMAGES = 4  # axes of a batch of images


class Report:
    """A finished page: a file, and what a notebook shows."""

    def __init__(self, path: Path, html: str):
        self.path, self.html = path, html

    def __fspath__(self) -> str:
        return str(self.path)

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return f"<report {str(self.path)!r}>"


def report(
    model: Any,
    history: Any = None,
    data: Any = None,
    class_names: Sequence[str] | dict[str, Sequence[str]] | None = None,
    path: Any = "report.html",
    title: str | None = None,
) -> Report:
    """Write one self-contained page of HTML: graph and table of the model, learning curves, what it does with data
    (per class, and its worst mistakes as pictures), how it was trained, versions and seeds.

    It works without a network, and runs no script.

    Args:
        history: what `fit` returned, or a dict of lists.
        data: `(x, y)` that were not trained on, or a data set of such batches.
        class_names: the names of the classes, of several outputs a dict of such lists; their numbers otherwise.
        path: the file to write.
        title: the heading; the model's name otherwise.

    Raises:
        ValueError: the model is not built, or the data do not fit it.
    """
    x, y = (None, None) if data is None else measuring.arrays(data)
    found = [] if data is None else measuring.measured(model, x, y)
    curves = dict(getattr(history, "history", history) or {})
    page = Page(title or model.name, _lead(model, curves, found))
    for each in found:
        names = class_names.get(each.name) if isinstance(class_names, dict) else class_names
        _results(page, each, names, f" of {each.name}" if len(found) > 1 else "")
    if curves:
        page.heading("Learning curves")
        validated = any(name.startswith("val_") for name in curves)
        page.picture(learning_curves(curves, validation=validated), "loss and metrics over the epochs")
    if notes := list(_notes(model, curves, x, y)):
        page.heading("Worth a look")
        page.notes(notes)
    _architecture(page, model)
    _setup(page, model, history)
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(str(page), encoding="utf-8")
    return Report(path, str(page))


def _lead(model: Any, curves: dict[str, list], found: Sequence[measuring.Measured]) -> str:
    epochs = len(next(iter(curves.values()), []))
    trained = f", trained for {epochs} epochs" if epochs else ""
    size = f"{model.count_params():,} weights in {len(layers_of(model))} layers{trained}."
    return " ".join([*(_in_short(each, f"{each.name}: " if len(found) > 1 else "") for each in found), size])


def _in_short(found: measuring.Measured, label: str) -> str:
    count = f"{len(found.y):,} samples"
    if found.of_classes:
        return f"{label}{found.right:.1%} of {count} right."
    return f"{label}{'off' if label else 'Off'} by {found.error:.4g} on average over {count}."


# ---- parts


def _results(page: Page, found: measuring.Measured, class_names: Sequence[str] | None, of: str) -> None:
    worst = measuring.worst(found, _WORST)
    if found.of_classes:
        units = found.predicted.shape[-1]
        names = figures.names_of(class_names, max(2, units, found.truths.max() + 1))
        page.heading(f"Classes{of}" if of else "By class")
        page.picture(confusion_matrix(found.truths, found.guesses, names), "which classes are taken for which")
        page.table(measuring.per_class(found, names), ("class", "precision", "recall", "F1", "samples"))
    else:
        names = []
        page.heading(f"Results{of}")
        page.facts(measuring.as_numbers(found))
        if found.y.size == found.predicted.size:
            page.picture(measuring.scatter(found), "true against predicted values", "png")
    page.heading(f"Worst mistakes{of}" if len(worst) else f"No mistakes{of}")
    images = getattr(found.x, "ndim", 0) == _IMAGES and found.x.shape[-1] in (1, 3)
    if found.of_classes and images and len(worst):
        said, truths = found.predicted[worst], found.truths[worst]
        figure = predictions(found.x[worst], said, truths, class_names=names)
        figure.suptitle("")  # how many of them are right is no news
        page.picture(figure, "the surest mistakes", "png")
    elif len(worst):
        page.table(list(_mistakes(found, worst, names)), ("sample", "true", "predicted", "sure by"))


def _mistakes(found: Any, worst: np.ndarray, names: Sequence[str]) -> Iterator[tuple]:
    sure = found.certainty()
    for i in worst:
        if found.of_classes:
            yield int(i), names[found.truths[i]], names[found.guesses[i]], f"{sure[i]:.1%}"
        else:
            yield int(i), _brief(found.y[i]), _brief(found.predicted[i]), ""


def _brief(values: np.ndarray) -> str:
    return ", ".join(f"{value:.4g}" for value in np.ravel(values)[:4])


def _notes(model: Any, curves: dict[str, list], x: Any, y: Any) -> Iterable[str]:
    if y is not None and model.compiled:
        yield from all_notes(model, Arrays(x, y))
    yield from of_curves(curves)


def _architecture(page: Page, model: Any) -> None:
    page.heading("Model")
    page.picture(model_graph(model, expand_nested=True), "the graph of the model", tall=True)
    rows = [_layer(layer) for layer in layers_of(model)]
    page.table(rows, ("layer", "kind", "output", "weights", "trained"))
    trainable = sum(variable.size for variable in model.trainable_weights)
    page.text(f"{model.count_params():,} weights, {trainable:,} of them trainable.")


def _layer(layer: Any) -> tuple[str, str, str, int, str]:
    try:
        shape = str(layer.output.shape)
    except AttributeError:  # a layer that no graph calls, or of several outputs
        shape = ""
    trained = ("yes" if layer.trainable else "frozen") if layer.weights else ""
    return layer.name, type(layer).__name__, shape, layer.count_params() if layer.built else 0, trained


def _setup(page: Page, model: Any, history: Any) -> None:
    facts: dict[str, Any] = {}
    if model.compiled:
        settings = model.optimizer.get_config()
        shown = (
            f"{name}={value:.4g}" for name, value in settings.items() if type(value) is float and name[:3] != "ema"
        )
        facts["optimizer"] = f"{type(model.optimizer).__name__}({', '.join(shown)})"
        facts["loss"] = getattr(model.loss, "__name__", None) or getattr(model.loss, "name", model.loss)
        facts["metrics"] = ", ".join(model._compile_metrics.labels) if model._compile_metrics else "none"
        facts["steps"] = model.train_plan
    params = getattr(history, "params", None) or {}
    facts |= {name: params[name] for name in ("epochs", "steps") if params.get(name) and name not in facts}
    page.heading("Training")
    page.facts(facts or {"compiled": "no"})
    page.heading("Versions and seeds")
    seed = get_random_seed()
    page.facts(
        {
            "seed": "none set: `keras.utils.set_random_seed(0)` makes the next run the same" if seed is None else seed,
            "Tricera": _version(),
            "JAX": f"{jax.__version__} on {', '.join(sorted({d.device_kind for d in jax.devices()}))}",
            "NumPy": np.__version__,
            "Python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
            "numbers": f"{config.floatx()}, {config.image_data_format()}",
            "written": f"{datetime.now().astimezone():%Y-%m-%d %H:%M %Z}",
        }
    )


def _version() -> str:
    try:
        return metadata.version("tricera")
    except metadata.PackageNotFoundError:
        return "from its source"
