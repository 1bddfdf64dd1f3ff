"""What Keras' tests of files ask of its private modules, by their paths: Tricera's own parts, with Keras' arguments."""

import importlib
import importlib.util
import os
import shutil
from pathlib import Path
from typing import Any

from tricera import saving
from tricera.engine import naming, registry, scope
from tricera.saving import archive
from tricera.utils import archives, files


def _save_weights(model: Any, filepath: Any, **options: Any) -> None:
    saving.save_weights(model, filepath, **options)


def _save_to_hdf5(model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    saving.save_model(model, filepath, overwrite, include_optimizer=include_optimizer, save_format="h5")


def _load_from_hdf5(filepath: Any, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True) -> Any:
    return saving.load_model(filepath, custom_objects, compile, safe_mode)


def _extract(file_path: str, path: str = ".", archive_format: Any = "auto") -> bool:
    return archives.extract(Path(file_path), Path(path), archive_format)


def _has_hash(path: str, file_hash: str, algorithm: str = "auto", chunk_size: int = 65535) -> bool:
    algorithm = {"auto": "sha256" if len(file_hash) == 64 else "md5"}.get(algorithm, algorithm)
    return files.hash_file(path, algorithm) == file_hash


_NAMES: dict[str, dict[str, Any]] = {
    "saving.saving_lib": {
        "save_weights_only": _save_weights,
        "load_weights_only": saving.load_weights,
        "_CONFIG_FILENAME": archive.CONFIG,
        "_METADATA_FILENAME": archive.METADATA,
    },
    "saving.serialization_lib": {
        "SafeModeScope": lambda safe_mode=True: scope.guarded(safe_mode),
        "ObjectSharingScope": lambda: scope.enter(shared={}),
    },
    "saving.object_registration": {
        "GLOBAL_CUSTOM_NAMES": registry._custom_names,
        "GLOBAL_CUSTOM_OBJECTS": registry._custom,
    },
    "legacy.saving.legacy_h5_format": {"save_model_to_hdf5": _save_to_hdf5, "load_model_from_hdf5": _load_from_hdf5},
    "utils.file_utils": {
        "extract_archive": _extract,
        "validate_file": _has_hash,
        "makedirs": os.makedirs,
        "listdir": os.listdir,
        "rmtree": shutil.rmtree,
        "copy": shutil.copy,
        "remove": os.remove,
        "File": open,
    },
    "utils.naming": {"to_snake_case": naming.snake_case},
}


class _Late:
    """A package that is installed, and that Keras imports late."""

    available = True

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(importlib.import_module(self._name), attribute)


def find(path: str, name: str) -> Any:
    """What stands for `keras.src.<path>.<name>`; None where nothing does."""
    if path == "utils.module_utils":
        return _Late(name) if importlib.util.find_spec(name) else None
    return _NAMES.get(path, {}).get(name)
