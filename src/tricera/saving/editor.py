"""Looking into a file of weights, and changing what it holds, without the model that it was written of."""

import os
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from tricera.disk import atomic
from tricera.errors import did_you_mean, report
from tricera.saving import archive, h5, past, weights
from tricera.saving.containers import folder
from tricera.saving.parts import parts

_RED, _GREEN = "color(160)", "color(28)"


class KerasFileEditor:
    """What a `.weights.h5` or `.keras` file holds, to be seen, compared with a model, changed, and saved anew.

    Nothing that stands in a configuration is made, and the file itself stays as it is.

    >>> editor = KerasFileEditor("model.keras")
    >>> editor.summary()
    >>> editor.rename_object("layers/dense_1", "dense_2")
    >>> editor.compare(model)["status"]
    'success'
    >>> editor.save("model.weights.h5")

    Args:
        filepath: also a folder that `save(zipped=False)` made, or the index of sharded weights.

    Attributes:
        weights_dict: the arrays by their names, in the objects that hold them: `{"layers": {"dense": {"0": kernel}}}`.
        object_metadata: what is noted of objects, as their names, by their paths: `{"/layers/dense": {"name": "d"}}`.
        config, metadata: of a model's file: what the model is, and which Keras wrote it; None otherwise.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is of another kind, or damaged.
        SafetyError: it could do harm.
    """

    def __init__(self, filepath):
        import rich.console

        self.filepath = os.fspath(filepath)
        self.config: dict[str, Any] | None = None
        self.metadata: dict[str, Any] | None = None
        self.model = None
        self.console = rich.console.Console(highlight=False)
        self.weights_dict: dict[str, Any] = {}
        self.object_metadata: dict[str, dict[str, Any]] = {}
        if members := _members(Path(self.filepath)):
            with members as opened, opened.weights() as reader:
                self.config = opened.config()
                self.metadata = archive.parse(opened.read(archive.METADATA), f"{opened.label}: {archive.METADATA!r}")
                self._read(reader)
        else:
            with weights.opened(Path(self.filepath)) as reader:
                self._read(reader)
        self._print("Keras model file ", (repr(self.filepath), "green"))
        if self.metadata is not None:
            version, date = (str(self.metadata.get(key, "unknown")) for key in ("keras_version", "date_saved"))
            self._print("Saved with Keras ", (version, "green"), " - date: ", (date, "green"))

    def _read(self, reader: Any) -> None:
        if past.hdf5.is_old(reader):
            raise ValueError(
                report(
                    f"{reader.label} holds weights by the names of layers, as Keras 1 and 2 wrote them.",
                    expected="a `.keras` or `.weights.h5` file of Keras 3",
                    fix="`load_model` or `load_weights` it, and save the model as `.keras`.",
                )
            )
        for place in reader.groups:
            if attributes := dict(reader.attributes_of(place)):
                path = "".join(f"/{part}" for part in _owner(place.split("/")))
                self.object_metadata.setdefault(path, {}).update(attributes)
        for place in reader.paths:
            *path, name = place.split("/")
            inside = self.weights_dict
            for part in _owner(path):
                inside = inside.setdefault(part, {})
                if not isinstance(inside, dict):
                    raise ValueError(report(f"{reader.label}: an array and an object have the name {part!r}."))
            inside[name] = reader.read(place)

    # ---- what there is

    def summary(self):
        """Print every object and array of the file as a tree, with shapes and dtypes."""
        self._print("Weights structure")
        self._print_tree(self.weights_dict, "", "  ")

    def _print_tree(self, inside: Mapping[str, Any], path: str, before: str) -> None:
        for key, value in inside.items():
            is_last = key == list(inside)[-1]
            mark = "> " if not path and key == next(iter(inside)) else "└─ " if is_last else "├─ "
            if isinstance(value, dict):
                name = self.object_metadata.get(f"{path}/{key}", {}).get("name")
                self._print(before, mark, (key, "bold"), f" ({str(name)!r})" if name is not None else "")
                self._print_tree(value, f"{path}/{key}", before + ("    " if is_last else "│   "))
            else:
                array = np.asarray(value)
                self._print(before, mark, (key, "bold"), f": shape={array.shape}, dtype={array.dtype}")

    def compare(self, reference_model):
        """Print what keeps the file from being loaded into a model: what either lacks, and shapes that differ.

        Returns: a dict of `"status"` (`"success"` or `"error"`), `"error_count"` and `"match_count"`, which count
            arrays; an object that one of them lacks is one error.
        """
        self._print("Running comparison")
        reference = _structure(reference_model)
        matches, errors = self._compared(self.weights_dict, reference, "")
        self._print("─" * 21)
        counts = {"error_count": errors, "match_count": matches}
        if errors:
            found = f"Found {errors} error{'s' * (errors != 1)}:"
            self._print((found, f"bold {_RED}"), (" saved file is not compatible with the reference model", _RED))
            return {"status": "error", **counts}
        self._print(
            ("Comparison successful:", f"bold {_GREEN}"),
            (" saved file is compatible with the reference model", _GREEN),
        )
        self._print(f"    Found {matches} matching weight{'s' * (matches != 1)}")
        return {"status": "success", **counts}

    def _compared(self, file: Mapping[str, Any], model: Mapping[str, Any], path: str) -> tuple[int, int]:
        """How many arrays are alike, and what is not, after printing it."""
        matches = errors = 0
        for key in {**model, **file}:
            place = f"{path}/{key}"
            if key not in file or key not in model:
                errors += 1
                there, lacking = (
                    ("reference model", "saved file") if key in model else ("saved file", "reference model")
                )
                self._print_lacking(place, model.get(key, file.get(key)), there, lacking)
            elif isinstance(file[key], dict) and isinstance(model[key], dict):
                inner = self._compared(file[key], model[key], place)
                matches, errors = matches + inner[0], errors + inner[1]
            elif _shape(file[key]) == _shape(model[key]):
                matches += 1
            else:
                errors += 1
                self._print(("...Weight shape mismatch for ", _RED), (place, f"bold {_RED}"))
                self._print(f"    In reference model: shape={_shape(model[key])}")
                self._print(f"    In saved file: shape={_shape(file[key])}")
        return matches, errors

    def _print_lacking(self, place: str, what: Any, there: str, lacking: str) -> None:
        kind = "Object" if isinstance(what, dict) else "Weight"
        self._print(
            (f"...{kind} ", _RED), (place, f"bold {_RED}"), (f" present in {there}, missing from {lacking}", _RED)
        )
        if isinstance(what, dict):
            self._print(f"    In {there}, {place} contains the following keys: {list(what)}")

    def _print(self, *spans: str | tuple[str, str]) -> None:
        """Print a line; what a file has for names does nothing to the terminal."""
        import rich.text

        safe = [_printable(s) if isinstance(s, str) else (_printable(s[0]), s[1]) for s in spans]
        self.console.print(rich.text.Text.assemble(*safe), soft_wrap=True)

    # ---- what is changed

    def rename_object(self, object_name, new_name):
        """Give an object, as a layer, another name in the place where it stands.

        Args:
            object_name: its path, `"layers/dense_2"`, or its name alone where no other has it.
            new_name: no path.

        Raises:
            ValueError: there is no such object, or another one has the new name.
        """
        _require_names(new_name)
        holder, key, path = self._found(object_name)
        if new_name in holder and new_name != key:
            raise ValueError(report(f"{path} cannot become {new_name!r}: there is one of that name beside it."))
        renamed = {new_name if name == key else name: value for name, value in holder.items()}
        holder.clear()
        holder.update(renamed)
        self._note(path, f"{path.rpartition('/')[0]}/{new_name}")

    def delete_object(self, object_name):
        """Remove an object and all that it holds.

        Raises:
            ValueError: there is no such object, or several have the name.
        """
        holder, key, path = self._found(object_name)
        del holder[key]
        self._note(path, None)

    def add_object(self, object_path, weights):
        """Add an object, in the place of one that stands there.

        Args:
            object_path: its whole path, `"layers/dense_2"`; what it stands in must be there.
            weights: arrays by their names, `{"0": kernel, "1": bias}`.

        Raises:
            ValueError: there is no such place, or a weight is no array.
        """
        place, _, name = object_path.strip("/").rpartition("/")
        _require_names(name)
        checked = _checked(weights)
        holder = self._inside(place) if place else self.weights_dict
        holder[name] = checked
        self._note(f"/{place}/{name}" if place else f"/{name}", None)

    def delete_weight(self, object_name, weight_name):
        """Remove an array of an object.

        Raises:
            ValueError: there is no such object, or no such array in it.
        """
        inside = self._object(object_name)
        if weight_name not in inside:
            raise ValueError(
                report(f"Weight {weight_name} not found in object {object_name}.", expected=f"one of {list(inside)}")
            )
        del inside[weight_name]

    def add_weights(self, object_name, weights):
        """Add arrays to an object, in the place of those of the same name.

        Args:
            weights: arrays by their names, `{"0": kernel, "1": bias}`.

        Raises:
            ValueError: there is no such object, or a weight is no array.
        """
        self._object(object_name).update(_checked(weights))

    def save(self, filepath):
        """Write what there is now to a `.weights.h5` file, which appears whole or not at all.

        Raises:
            ValueError: the name ends in something else.
        """
        path = Path(filepath)
        if not path.name.endswith(".weights.h5"):
            raise ValueError(
                report(
                    "Invalid `filepath` argument: the editor writes weights alone.",
                    expected="a `.weights.h5` extension",
                    got=os.fspath(filepath),
                    fix="for a whole model, `model.load_weights` what is written, and `model.save`.",
                )
            )
        with atomic.replacing(path) as fresh:
            h5.write(fresh, self._stored(self.weights_dict, ""))

    def resave_weights(self, filepath):
        """The same as `save`."""
        self.save(filepath)

    def _stored(self, inside: Mapping[str, Any], path: str) -> Iterator[tuple[str, str | None, dict[str, Any]]]:
        """Path, name and arrays of every object that has any."""
        if arrays := {key: value for key, value in inside.items() if not isinstance(value, dict)}:
            name = self.object_metadata.get(path, {}).get("name")
            yield path.removeprefix("/"), name if isinstance(name, str) else None, arrays
        for key, value in inside.items():
            if isinstance(value, dict):
                yield from self._stored(value, f"{path}/{key}")

    # ---- where things are

    def _found(self, name: str) -> tuple[dict[str, Any], str, str]:
        """What holds the thing of a name or path, its name in there, and its path."""
        path = name.strip("/")
        if "/" in path:
            place, _, key = path.rpartition("/")
            holder = self._inside(place)
            if key not in holder:
                raise _no_path(path, holder, key)
            return holder, key, f"/{path}"
        found = list(_all(self.weights_dict, ""))
        here = [(holder, place) for holder, key, place in found if key == path]
        if not here:
            raise ValueError(
                report(
                    f"Source name '{path}' does not appear in the model.",
                    fix=did_you_mean(path, {key for _, key, _ in found}) or "`editor.summary()` prints all names.",
                )
            )
        if len(here) > 1:
            raise ValueError(
                report(
                    f"Name '{path}' occurs more than once in the model.",
                    got=", ".join(place.removeprefix("/") for _, place in here[:5]),
                    fix="pass one of these paths.",
                )
            )
        return here[0][0], path, here[0][1]

    def _inside(self, path: str) -> dict[str, Any]:
        """The object at a path."""
        inside: Any = self.weights_dict
        for key in path.split("/"):
            if not isinstance(inside, dict) or not isinstance(inside.get(key), dict):
                raise _no_path(path, inside, key)
            inside = inside[key]
        return inside

    def _object(self, name: str) -> dict[str, Any]:
        holder, key, path = self._found(name)
        if not isinstance(holder[key], dict):
            raise ValueError(report(f"{path} is an array, not an object.", fix=f"{path.rpartition('/')[0]!r}"))
        return holder[key]

    def _note(self, path: str, new: str | None) -> None:
        """Move what is noted below a path to another, or forget it."""
        kept = {}
        for place, noted in self.object_metadata.items():
            below = place == path or place.startswith(f"{path}/")
            if not below:
                kept[place] = noted
            elif new is not None:
                kept[new + place.removeprefix(path)] = noted
        self.object_metadata = kept


def _owner(path: list[str]) -> list[str]:
    """The object that a group belongs to: its arrays are in a group of their own."""
    return [part for part in (path[:-1] if path[-1:] == ["vars"] else path) if part]


def _members(path: Path) -> AbstractContextManager | None:
    """The members of a model's file or folder; None where it is none."""
    if path.is_dir():
        return folder.opened(path) if folder.is_one(path) else None
    return archive.opened(path) if path.is_file() and zipfile.is_zipfile(path) else None


def _structure(model: Any) -> dict[str, Any]:
    """The arrays that are saved of a model, as a file of it holds them."""
    root: dict[str, Any] = {}
    for path, owner in parts(model):
        store: dict[str, Any] = {}
        owner.save_own_variables(store)
        if store:
            inside = root
            for key in path.split("/") if path else ():
                inside = inside.setdefault(key, {})
            inside.update(store)
    return root


def _all(inside: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], str, str]]:
    for key, value in inside.items():
        yield inside, key, f"{path}/{key}"
        if isinstance(value, dict):
            yield from _all(value, f"{path}/{key}")


def _no_path(path: str, inside: Any, key: str) -> ValueError:
    fix = did_you_mean(key, inside) if isinstance(inside, dict) else None
    return ValueError(report(f"Path '{path}' not found in model.", fix=fix))


def _checked(values: Any) -> dict[str, Any]:
    """Arrays by their names, those of inner objects in dicts."""
    if not isinstance(values, Mapping):
        raise ValueError(
            report(
                "Argument `weights` should be a dict of arrays by their names.",
                expected='`{"0": kernel, "1": bias}`',
                got=type(values).__name__,
            )
        )
    _require_names(*values)
    return {key: _checked(value) if isinstance(value, Mapping) else _array(key, value) for key, value in values.items()}


def _array(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "biufcV":
        raise ValueError(report(f"The weight {name!r} is no array of numbers.", got=str(array.dtype)))
    return array


def _require_names(*names: Any) -> None:
    for name in names:
        if not isinstance(name, str) or "/" in name or name in ("", ".", "..", "vars"):
            raise ValueError(
                report(f"{name!r} cannot be a name in the file.", expected="a leaf name, not a full path name")
            )


def _shape(value: Any) -> tuple[int, ...] | str:
    return "an object" if isinstance(value, dict) else tuple(np.shape(value))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
