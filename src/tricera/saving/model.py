"""Whole models in a `.keras` file: configuration, weights, and how they were compiled."""

import os
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tricera.engine import registry
from tricera.errors import report
from tricera.saving import archive, atomic, trust, weights


def save_model(model: Any, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """Write the model to a `.keras` file, which Keras 3 reads too.

    A function without a name (`lambda`) has no form in a file: a warning names its layer.

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
    config = registry.serialize(model)
    for name in _nameless(config):
        text = report(
            f"The Lambda layer {name!r} computes with a function that has no name: the file cannot say which.",
            fix=f"define it with `def`, or load with `custom_objects={{{name!r}: function}}`.",
        )
        warnings.warn(text, stacklevel=3)
    with atomic.replacing(filepath, overwrite) as fresh:
        arrays = fresh.with_name(f"{fresh.name}.h5")
        try:
            weights.write(model, arrays)
            archive.write(fresh, config, arrays)
        finally:
            arrays.unlink(missing_ok=True)


def _nameless(form: Any) -> list[str]:
    if isinstance(form, dict):
        inner = form.get("config")
        own = isinstance(inner, dict) and trust.is_code(inner.get("function"))
        found = [inner["name"]] if own else []
        return found + [name for value in form.values() for name in _nameless(value)]
    return [name for item in form for name in _nameless(item)] if isinstance(form, list | tuple) else []


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
        model = registry.deserialize(config)
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
