"""What a FeatureSpace may hold in the place of a column's layer, and how many columns."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.saving.hostile import content, doors
from tests.saving.hostile.doors import Door, case
from tricera import saving, utils


def space(features: dict[str, Any], crosses: Any = ()) -> dict[str, Any]:
    """The form of a space of these columns."""
    config = {"features": features, "crosses": crosses, "output_mode": "dict"}
    return {"class_name": "FeatureSpace", "module": "keras.utils", "config": config}


def column(preprocessor: Any) -> dict[str, Any]:
    """The form of a column that this layer makes ready."""
    config = {"dtype": "float32", "preprocessor": preprocessor, "output_mode": "float"}
    place = "keras.src.layers.preprocessing.feature_space"
    return {"class_name": "Feature", "module": place, "registered_name": "Feature", "config": config}


def everywhere(folder: Path, form: dict[str, Any]) -> Iterator[Door]:
    """Every door that a space can come in by."""
    doors.unzipped(doors.archive(folder / "m.keras", form), folder / "folder")
    yield from doors.for_files(folder, weights=False)
    text = json.dumps(form)
    yield "deserialize_keras_object", lambda: saving.deserialize_keras_object(json.loads(text))
    yield "FeatureSpace.from_config", lambda: utils.FeatureSpace.from_config(json.loads(text)["config"])


@case(content.CODE, "CVE-2024-3660")
def code_in_a_column(folder: Path) -> Iterator[Door]:
    yield from everywhere(folder, space({"a": column(content.lambda_())}))


@case("Could not locate|Unknown", "CVE-2025-1550")
def a_column_of_anything(folder: Path) -> Iterator[Door]:
    for i, name in enumerate(("get_file", "Feature", "Adam", "system")):
        (folder / str(i)).mkdir()
        form = {"class_name": name, "module": "keras.utils", "config": {}}
        yield from everywhere(folder / str(i), space({"a": column(form)}))


@case("names a file", "CVE-2025-12058")
def a_vocabulary_of_a_column_in_another_file(folder: Path) -> Iterator[Door]:
    form = {"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "/etc/passwd"}}
    yield from everywhere(folder, space({"a": column(form)}))


@case("would take far more than what the file stores", "CVE-2026-12570")
def columns_without_end(folder: Path) -> Iterator[Door]:
    many = {f"c{i}": "string_hashed" for i in range(10_000)}
    for i, form in enumerate((space(many), space({"a": "float"}, [["a", "a"]] * 10_000))):
        doors.archive(folder / f"{i}.keras", form)
        yield f"load_model({i})", partial(saving.load_model, folder / f"{i}.keras")
