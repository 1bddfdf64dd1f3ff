"""Whole models into files: configuration, weights, and how they were compiled."""

import json
import os
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from tricera.disk import atomic
from tricera.engine import registry, scope
from tricera.engine.inputs import where
from tricera.errors import report
from tricera.saving import archive, keras2, trust, weights
from tricera.saving.containers import assets, folder


def save_model(
    model: Any,
    filepath: str | os.PathLike | IO[bytes],
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
    save_format: str | None = None,
    **kwargs: Any,
) -> None:
    """Write the model to a file: to HDF5 in the layout of Keras 2 where the name ends in `.h5` or `.hdf5`, else to a
    `.keras` archive, which Keras 3 reads too.

    Args:
        filepath: any name, or an open file for an archive.
        zipped: False writes a folder in place of an archive.
        include_optimizer: False leaves out how the model was compiled, and the optimizer's state.
        save_format: `"keras"` or `"h5"`, whatever the name.

    Raises:
        ValueError: another format; a weight would be lost; or something computes with a function that has no name
            (`lambda`).
        FileExistsError: the file exists, `overwrite` is False, and there is no terminal to ask on.
    """
    write = _writer(filepath, zipped, save_format, kwargs)
    if write is keras2.save_model and not hasattr(model, "compiled"):
        what = f"A {type(model).__name__} is no model, and HDF5 files hold models."
        raise ValueError(report(what, fix="give the file a name that ends in `.keras`."))
    config = _form(model)
    if not include_optimizer:
        config.pop("compile_config", None)
    if hasattr(filepath, "write"):
        _write_stream(model, filepath, config, include_optimizer)
    elif atomic.may_write(filepath, overwrite):
        if write is _write_folder:
            folder.require_replaceable(filepath)
        if write is keras2.save_model:  # alone, as in Keras
            os.makedirs(os.path.dirname(os.path.abspath(filepath)), exist_ok=True)
        with atomic.replacing(filepath) as fresh:
            write(model, fresh, config, include_optimizer)


def _writer(filepath: Any, zipped: bool | None, save_format: str | None, others: dict[str, Any]) -> Callable:
    """What writes a file of this kind: `(model, path, config, include_optimizer)`."""
    name = "" if hasattr(filepath, "write") else os.fspath(filepath)
    others = {key: value for key, value in others.items() if value is not None and key != "save_traces"}
    if others or save_format not in (None, "keras", "h5", "hdf5"):
        raise ValueError(
            report(
                "A model is written as `.keras` or `.h5`.",
                got=", ".join(others) or f"save_format={save_format!r}",
                fix="`model.save(filepath)`; `model.export(filepath)` for programs other than Keras.",
            )
        )
    if save_format in ("h5", "hdf5") or (save_format is None and name.endswith((".h5", ".hdf5"))):
        return keras2.save_model
    if zipped is not False:
        return _write_archive
    if name.endswith(".keras"):
        raise ValueError(
            report(
                "When using `zipped=False`, the `filepath` argument should not end in `.keras`.",
                got=name,
                fix=f"`model.save({name.removesuffix('.keras')!r}, zipped=False)`",
            )
        )
    return _write_folder


def _write_folder(model: Any, path: Path, config: dict[str, Any], include_optimizer: bool) -> None:
    path.mkdir()
    archive.describe(path, config)
    weights.write(model, path / archive.WEIGHTS, include_optimizer)
    assets.write(model, path)


def _write_archive(model: Any, path: Path, config: dict[str, Any], include_optimizer: bool) -> None:
    contents = path.with_name(f"{path.name}.d")
    try:
        _write_folder(model, contents, config, include_optimizer)
        archive.write(path, contents)
    finally:
        shutil.rmtree(contents, ignore_errors=True)


def _write_stream(model: Any, stream: IO[bytes], config: dict[str, Any], include_optimizer: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="tricera-") as place:
        path = Path(place, "model")
        _write_archive(model, path, config, include_optimizer)
        with open(path, "rb") as file:
            shutil.copyfileobj(file, stream)


def _form(model: Any) -> dict[str, Any]:
    """The model in plain form.

    Raises:
        ValueError: a layer computes with a function that has no name: it would have to be stored as code.
    """
    with scope.enter(shared={}):
        form = registry.serialize(model)
    _forget_the_single(form)
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


def _forget_the_single(form: Any) -> None:
    """Leave numbers to those objects alone that stand in several places; to policies of one name it means nothing."""
    objects = [each for each in _dicts(form) if "shared_object_id" in each]
    counts = Counter(each["shared_object_id"] for each in objects)
    for each in objects:
        if counts[each["shared_object_id"]] == 1 or each["class_name"] == "DTypePolicy":
            del each["shared_object_id"]


def _dicts(form: Any) -> Iterator[dict[str, Any]]:
    if isinstance(form, dict):
        yield form
    for each in form.values() if isinstance(form, dict) else form if isinstance(form, list | tuple) else ():
        yield from _dicts(each)


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
