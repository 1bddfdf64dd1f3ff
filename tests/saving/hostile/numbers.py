"""Enormous numbers, one at a time, in the place of each number of every layer and metric."""

import inspect
import json
from collections.abc import Iterator
from pathlib import Path

from tests.laws.table import ROWS, Inner, Ints
from tests.saving.hostile import doors
from tests.saving.hostile.doors import EITHER, Door, case
from tricera import layers, models
from tricera.engine import registry

MANY = 10**10
MORE = [
    (layers.CategoryEncoding(5, output_mode="one_hot"), (1,)),
    (layers.Discretization([0.0, 1.0]), (4,)),
    (layers.Hashing(3), (4,)),
    (layers.StringLookup(vocabulary=["a", "b"], output_mode="multi_hot"), (4,)),
    (layers.TextVectorization(vocabulary=["a", "b"], ngrams=2, output_mode="multi_hot"), (1,)),
    (layers.STFTSpectrogram(frame_length=16), (64, 1)),
    (layers.MelSpectrogram(fft_length=16, sequence_stride=8, num_mel_bins=4), (64,)),
]


def _kinds():
    for row in ROWS:
        shape = row.input.shape if isinstance(row.input, Ints) else row.input
        if isinstance(shape, tuple) and not any(isinstance(arg, Inner) for arg in row.args):
            yield str(row), row.make(), shape[1:]
    for layer, shape in MORE:
        yield layer.name, layer, shape


@case(EITHER, "CVE-2026-12570")
def a_number_of_a_layer(folder: Path) -> Iterator[Door]:
    for name, layer, shape in _kinds():
        form = json.loads(json.dumps(layers.serialize(layer)))
        for key, value in form["config"].items():
            if key in ("seed", "trainable") or isinstance(value, bool) or not isinstance(value, int | list):
                continue
            changed = json.loads(json.dumps(form))
            changed["config"][key] = [MANY] * len(value) if isinstance(value, list) else MANY
            stack = [layers.serialize(layers.InputLayer(batch_shape=(None, *shape))), changed]
            text = json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": stack}})
            yield f"{name}.{key}", lambda text=text: _made(text)


def _made(text: str) -> None:
    models.model_from_json(text)


@case(EITHER, "CVE-2026-12570")
def a_number_of_a_metric(folder: Path) -> Iterator[Door]:
    sizes = ("num_thresholds", "num_classes", "k", "num_labels", "class_id", "top_k")
    for kind in sorted({thing.__name__ for thing in registry.names("metric").values()}):
        parameters = inspect.signature(registry.names("metric")[kind]).parameters
        for name in set(sizes) & set(parameters):
            needed = {each: 0.5 for each, p in parameters.items() if p.default is p.empty and each != name}
            configuration = doors.whole()
            metric = {"class_name": kind, "config": {**needed, name: MANY}}
            configuration["compile_config"] = {"optimizer": "sgd", "loss": "mse", "metrics": [metric]}
            path = doors.archive(folder / f"{kind}{name}.keras", configuration)
            yield f"{kind}.{name}", lambda path=path: _loaded(path)


def _loaded(path: Path) -> None:
    models.load_model(path)
