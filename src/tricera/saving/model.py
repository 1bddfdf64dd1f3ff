"""Whole models in a `.keras` file: configuration, weights, and how they were compiled."""

import json
import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tricera.engine import registry
from tricera.errors import report
from tricera.saving import archive, atomic, trust, weights


def save_model(
    model: Any, filepath: str | os.PathLike, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Write the model to a `.keras` file, which Keras 3 reads too.

    A function without a name (`lambda`) has no form in a file: a warning names what computes with it.

    Raises:
        ValueError: another suffix.
        FileExistsError: the file exists, and `overwrite` is False.
    """
    if Path(filepath).suffix != ".keras":
        raise ValueError(
            report(
                "Invalid filepath extension for saving a whole model.",
                expected="a filename that ends in `.keras`",
                got=os.fspath(filepath),
                fix=f"model.save({os.path.splitext(os.fspath(filepath))[0] + '.keras'!r})",
            )
        )
    if kwargs or zipped is False:
        raise ValueError(
            report(
                "A model is written to a zip archive, and there is nothing to choose.",
                got=", ".join(kwargs) or "zipped=False",
                fix="`model.save(filepath)`.",
            )
        )
    config = registry.serialize(model)
    for name in dict.fromkeys(_nameless(config, model.name)):
        text = report(
            f"{name!r} computes with a function that has no name: the file cannot say which.",
            fix="define it with `def`, and give it to `load_model` in `custom_objects`.",
        )
        warnings.warn(text, stacklevel=3)
    with atomic.replacing(filepath, overwrite) as fresh:
        arrays = fresh.with_name(f"{fresh.name}.h5")
        try:
            weights.write(model, arrays)
            archive.write(fresh, config, arrays)
        finally:
            arrays.unlink(missing_ok=True)


def _nameless(form: Any, holder: str) -> list[str]:
    """The names of what computes with a function without a name."""
    if trust.is_code(form):
        return [holder]
    if isinstance(form, dict):
        holder = form["name"] if isinstance(form.get("name"), str) else holder
        return [name for value in form.values() for name in _nameless(value, holder)]
    return [name for item in form for name in _nameless(item, holder)] if isinstance(form, list | tuple) else []


def to_json(model: Any, **kwargs: Any) -> str:
    """The model's configuration, without weights, as JSON."""
    return json.dumps(registry.serialize(model), **kwargs)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The model that `to_json` described, with new weights.

    Raises:
        TypeError: it names classes that are not known here.
        SafetyError: it holds code.
    """
    with registry.custom_object_scope(custom_objects or {}):
        config = archive.parse(json_string, "The JSON text")
        trust.examine(config, "The JSON text", registry.custom())
        return _made(config, "The JSON text")


def _made(config: dict[str, Any], label: str) -> Any:
    try:
        return registry.deserialize(config)
    except (KeyError, IndexError, AttributeError) as error:
        raise ValueError(report(f"{label}: the configuration cannot be understood: {error!r}.")) from error


def load_model(
    filepath: str | os.PathLike,
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a `.keras` file, compiled as it was.

    Args:
        custom_objects: classes and functions of yours, by the names that the file has for them.
        compile: whether the model is compiled, and gets its optimizer's state.
        safe_mode: accepted for Keras' sake: code in a file is never run.

    Raises:
        ValueError: there is no such file, it is of another kind, or it is damaged.
        TypeError: it names classes that are not known here.
        SafetyError: the file could do harm.
    """
    label = os.fspath(filepath)
    _require_archive(label)
    with archive.opened(label) as members, registry.custom_object_scope(custom_objects or {}):
        if members.assets:
            raise ValueError(
                report(f"{label} holds assets (vocabularies and the like) that cannot be loaded.", got=members.assets)
            )
        config = members.config()
        compiled, built = config.pop("compile_config", None) if compile else None, config.pop("build_config", None)
        config.pop("compile_config", None)
        trust.examine([config, compiled], label, registry.custom())
        model = _made(config, label)
        if not isinstance(model, registry.find("model", "Model")):
            raise ValueError(report(f"{label} holds no model.", got=type(model).__name__))
        if built and not model.built:
            model.build_from_config(built)
        if compiled:
            model.compile_from_config(compiled)
        with members.weights() as reader:
            weights.read(model, reader)
    return model


def _require_archive(label: str) -> None:
    if not os.path.exists(label):
        raise ValueError(
            report(f"File not found: filepath={label}.", expected="a `.keras` file", got="no such file or folder")
        )
    if os.path.isdir(label) or not zipfile.is_zipfile(label):
        raise ValueError(
            report(
                f"File format not supported: filepath={label}.",
                expected="a `.keras` file",
                got="a folder" if os.path.isdir(label) else "a file that is no zip archive",
                fix="load it with Keras 3 and save it again as `.keras`, or `model.load_weights` a `.weights.h5` file.",
            )
        )
