"""Whole models in a `.keras` file: configuration, weights, and how they were compiled."""

import json
import os
import warnings
from pathlib import Path
from typing import Any

from tricera.engine import registry
from tricera.engine.inputs import where
from tricera.errors import report
from tricera.saving import archive, atomic, trust, weights


def save_model(
    model: Any, filepath: str | os.PathLike, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Write the model to a `.keras` file, which Keras 3 reads too.

    Raises:
        ValueError: another suffix; or something computes with a function that has no name (`lambda`).
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
    config = _form(model)
    with atomic.replacing(filepath, overwrite) as fresh:
        arrays = fresh.with_name(f"{fresh.name}.h5")
        try:
            weights.write(model, arrays)
            archive.write(fresh, config, arrays)
        finally:
            arrays.unlink(missing_ok=True)


def _form(model: Any) -> dict[str, Any]:
    """The model in plain form.

    Raises:
        ValueError: a layer computes with a function that has no name: it would have to be stored as code.
    """
    form = registry.serialize(model)
    compiled = form.pop("compile_config", None)
    if names := list(dict.fromkeys(_nameless(form, model.name))):
        raise ValueError(
            report(
                f"A function without a name (`lambda`) is not saved, for a file holds no code: {', '.join(names)}.",
                fix='define it with `def`, or register it: `keras.saving.register_keras_serializable(name="mine")'
                "(function)`.",
            )
        )
    if compiled is None:
        return form
    if _nameless(compiled, model.name):
        text = f"{where(model)} was compiled with a function that has no name: the file cannot say which."
        warnings.warn(report(text, fix="`load_model(..., compile=False)`, and compile it then."), stacklevel=4)
    return {**form, "compile_config": compiled}


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
    return json.dumps(_form(model), **kwargs)
