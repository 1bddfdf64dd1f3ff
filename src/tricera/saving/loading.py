"""Models from files: by what a file is, not by its name, whichever Keras wrote it."""

import os
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import IO, Any

from tricera import initializers
from tricera.engine import registry, scope
from tricera.errors import SafetyError, report
from tricera.saving import archive, budget, h5, past, savedmodel, trust, weights
from tricera.saving.containers import assets, folder, orbax


def load_model(
    filepath: str | os.PathLike | IO[bytes],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool | None = True,
) -> Any:
    """The model of a `.keras` file, an HDF5 file or a SavedModel folder, of any Keras, compiled as it was.

    Args:
        custom_objects: classes and functions of yours, by the names that the file has for them.
        compile: whether the model is compiled, and gets its optimizer's state.
        safe_mode: only False makes functions that are stored as Python code: they run with all your rights.

    Raises:
        ValueError: there is no such file, it is of another kind, or it is damaged.
        TypeError: it names classes that are not known here.
        SafetyError: the file could do harm.
    """
    if hasattr(filepath, "read"):
        with tempfile.TemporaryDirectory(prefix="tricera-") as place:
            path = Path(place, "model")
            path.write_bytes(filepath.read())
            return load_model(path, custom_objects, compile, safe_mode)
    label = os.fspath(filepath)
    read = _reader_of(label)
    with scope.guarded(safe_mode), registry.custom_object_scope(custom_objects or {}), trust.understood(label):
        with initializers.postponed() as draw:
            model = read(label, compile)
        draw(model.weights)
    return model


def _reader_of(label: str) -> Callable[[str, bool], Any]:
    """What reads a file of this kind."""
    if not os.path.exists(label):
        raise ValueError(
            report(f"File not found: filepath={label}.", expected="a `.keras` file", got="no such file or folder")
        )
    if os.path.isdir(label):
        if folder.is_one(label):
            return partial(_from_members, folder.opened)
        if savedmodel.is_one(label):
            return partial(_from_past, savedmodel.Reader)
        if step := orbax.step_of(label):
            return partial(_from_checkpoint, step)
    elif zipfile.is_zipfile(label):
        return partial(_from_members, archive.opened)
    elif h5.is_hdf5(label):
        return partial(_from_past, h5.opened)
    raise ValueError(
        report(
            f"File format not supported: filepath={label}.",
            expected="a `.keras` file or folder, an HDF5 file, or a SavedModel folder that Keras wrote",
            got="another folder" if os.path.isdir(label) else "a file of another kind",
            fix="load it with the library that wrote it, and save it as `.keras` or `.h5`.",
        )
    )


def _from_members(opened: Callable[[str], Any], label: str, compile: bool) -> Any:
    """The model of an archive or a folder."""
    with opened(label) as members, members.weights() as reader, budget.for_objects(reader):
        config = members.config()
        compiled, built = config.pop("compile_config", None) if compile else None, config.pop("build_config", None)
        config.pop("compile_config", None)
        if old := past.is_old(config, _version(members)):
            config = past.modern(config)
            compiled = compiled and past.training.compile_config(compiled)
        try:
            trust.examine(config, label, registry.custom())
        except TypeError:
            trust.examine([config, compiled], label, registry.custom())  # says what is missing for both
            raise
        model = _model(config, label)
        if built and not model.built:
            model.build_from_config(built)
        elif not model.built:
            _build_layers(model, config)
        if old:
            weights.read(model, reader)
        if compiled:
            _compile(model, compiled, label)
        if not old:
            weights.read(model, reader)
        elif getattr(model, "optimizer", None) is not None:
            _restore(lambda: past.state.read_numbered(model.optimizer, reader.store("optimizer")), label)
        assets.read(model, members)
    return model


def _from_checkpoint(step: Path, label: str, compile: bool) -> Any:
    """The model of a checkpoint of Orbax."""
    checkpoint = orbax.Checkpoint(step)
    with budget.for_objects(checkpoint):
        config = checkpoint.config()
        trust.examine(config, label, registry.custom())
        compiled, built = config.pop("compile_config", None), config.pop("build_config", None)
        model = _model(config, label)
        if built and not model.built:
            model.build_from_config(built)
        if compile and compiled:
            _compile(model, compiled, label)
        orbax.read(model, checkpoint)
        assets.read(model, checkpoint)
    return model


def _build_layers(model: Any, config: dict[str, Any]) -> None:
    """Build the layers of a model that has no shape, where the file says for which they were built."""
    layers = {layer.name: layer for layer in model.layers}
    for form in config["config"].get("layers", ()):
        layer = layers.get(form["config"].get("name"))
        if layer is not None and not layer.built and form.get("build_config"):
            layer.build_from_config(form["build_config"])


def _version(members: Any) -> str | None:
    """The version of the Keras that wrote a `.keras` file, if it says so."""
    try:
        return archive.parse(members.read(archive.METADATA), archive.METADATA).get("keras_version")
    except SafetyError:
        raise
    except ValueError:
        return None


def _from_past(opened: Callable[[str], Any], label: str, compile: bool) -> Any:
    """The model of an HDF5 file, or of what is read as one."""
    with opened(label) as reader, budget.for_objects(reader):
        attributes = reader.attributes
        if "model_config" not in attributes:
            raise ValueError(
                report(
                    f"No model config found in the file at {label}.",
                    got=_without_config(reader),
                    fix="build the model in Python and `model.load_weights(filepath)`.",
                )
            )
        config, version = archive.parse(attributes["model_config"], label), attributes.get("keras_version")
        if past.is_old(config, version):
            config = past.modern(config)
        trust.examine(config, label, registry.custom())
        built = config.pop("build_config", None)
        model = _model(config, label)
        if built and not model.built:
            model.build_from_config(built)
        pairs, origin = past.weights.read(model, reader)
        if compile and "training_config" in attributes:
            training = archive.parse(attributes["training_config"], label)
            _compile(model, past.training.compile_config(training, attributes.get("backend")), label)
            if getattr(model, "optimizer", None) is not None:
                _restore(lambda: past.state.read(model.optimizer, reader, pairs, origin), label)
    return model


def _without_config(reader: Any) -> str:
    if isinstance(reader, savedmodel.Reader):
        return "a SavedModel folder of a class without `get_config`"
    return "an HDF5 file of weights alone" if past.hdf5.is_old(reader) else "another HDF5 file"


def _compile(model: Any, config: dict[str, Any], label: str) -> None:
    """Compile as the file says; where that fails the model is whole all the same."""
    try:
        trust.examine(config, label, registry.custom())
        model.compile_from_config(config)
    except SafetyError:
        raise
    except Exception as error:
        text = report(
            f"{label}: the model is loaded, but not compiled: {str(error).splitlines()[0]}",
            fix="`model.compile(...)`, or name what is missing in `custom_objects`.",
        )
        warnings.warn(text, stacklevel=5)


def _restore(read: Callable[[], None], label: str) -> None:
    """Read the state of the optimizer; where that fails training starts anew."""
    try:
        read()
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        if isinstance(error, SafetyError):
            raise
        warnings.warn(f"{label}: the optimizer starts anew: {str(error).splitlines()[0]}", stacklevel=5)


def model_from_json(
    json_string: str, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool | None = None
) -> Any:
    """The model that `to_json` described, with new weights; the JSON of Keras 1 and 2, too.

    Raises:
        TypeError: it names classes that are not known here.
        SafetyError: it holds code.
    """
    label = "The JSON text"
    return _from_text(lambda: archive.parse(json_string, label), label, custom_objects, safe_mode)


def model_from_yaml(
    yaml_string: str, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool | None = None
) -> Any:
    """The model that `to_yaml` of Keras 1 and 2 described, with new weights; needs the package `pyyaml`.

    Raises:
        ImportError: the package is not installed.
        TypeError: it names classes that are not known here.
        SafetyError: it holds code, or would make Python objects.
    """
    label = "The YAML text"
    return _from_text(lambda: past.text.parse(yaml_string, label), label, custom_objects, safe_mode)


def _from_text(parse: Callable[[], Any], label: str, custom_objects: Any, safe_mode: bool | None) -> Any:
    known = registry.custom_object_scope(custom_objects or {})
    with scope.guarded(safe_mode), known, budget.for_objects(), trust.understood(label):
        config = parse()
        config = past.modern(config) if past.is_old(config) else config
        trust.examine(config, label, registry.custom())
        return registry.deserialize(config, registry.LAYERS)


def _model(config: dict[str, Any], label: str) -> Any:
    model = registry.deserialize(config, registry.LAYERS)
    whole = registry.find("model", "Model"), registry.find("utility", "FeatureSpace")
    if not isinstance(model, whole):
        raise ValueError(report(f"{label} holds no model.", got=type(model).__name__))
    return model
