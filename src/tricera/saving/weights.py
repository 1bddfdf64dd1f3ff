"""The weights of a model in a file of their own, and in a model's file."""

import os
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tricera.disk import atomic
from tricera.engine.inputs import where
from tricera.engine.weights import Weighted
from tricera.errors import ArgumentError, report
from tricera.optimizers.state import OptimizerState
from tricera.saving import archive, h5, keras2, past, progress, savedmodel
from tricera.saving.containers import folder, orbax, shards
from tricera.saving.parts import Seen, elsewhere, parts, unreached


def save_weights(
    model: Any,
    filepath: str | os.PathLike,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    objects_to_skip: Iterable[Any] = (),
) -> None:
    """Write the model's weights, and its optimizer's state, as Keras 3's `.weights.h5`.

    A name that ends in `.h5` or `.hdf5`, but not in `.weights.h5`, has them in the layout of Keras 2, without the
    optimizer's state. Any other name will do.

    Args:
        max_shard_size: the GiB that a file may have: the weights are written to several, and `.weights.json` names
            them. None: to one, whatever its size.
        objects_to_skip: layers whose weights are left out, with those of layers that are in no other.

    Raises:
        ValueError: the model is not built, a weight would be lost, or the name says that it is a model's file, or one
            in which nothing can be left out.
        FileExistsError: the file exists, `overwrite` is False, and there is no terminal to ask on.
    """
    _require_built(model, "saving")
    path, skip = Path(filepath), list(objects_to_skip or ())
    if path.suffix in (".keras", ".zip"):
        raise ValueError(
            report(
                f"The filename must end in `.weights.h5`. Received: filepath={os.fspath(filepath)}",
                fix="`model.save(filepath)` writes a whole model.",
            )
        )
    if max_shard_size is not None:
        path = shards.index_path(path)
    if not atomic.may_write(path, overwrite):
        return
    old = path.suffix in (".h5", ".hdf5") and not path.name.endswith(".weights.h5")
    _require_by_place(filepath, not (skip and old and max_shard_size is None))
    if max_shard_size is not None:
        shards.write(stored(model, skip=skip), path, max_shard_size)
        return
    with atomic.replacing(path) as fresh:
        if old:
            keras2.save_weights(model, fresh)
        else:
            h5.write(fresh, stored(model, skip=skip))


def _require_by_place(filepath: Any, holds: bool) -> None:
    if not holds:
        raise ValueError(
            report(
                "`objects_to_skip` only supports loading '.weights.h5' files.",
                got=os.fspath(filepath),
                fix="`model.save_weights('name.weights.h5', objects_to_skip=...)`",
            )
        )


def write(model: Any, file: Any, include_optimizer: bool = True) -> None:
    """Write the arrays of every part of the model."""
    h5.write(file, stored(model, include_optimizer))


def stored(
    model: Any, include_optimizer: bool = True, skip: Sequence[Any] = ()
) -> Iterator[tuple[str, str | None, Mapping[str, Any]]]:
    """What is written of each part of the model but of those to skip: path, name, arrays.

    Raises:
        ValueError: a weight would be lost.
    """
    found = parts(model, seen=Seen(skip))
    everything = [each for each in found if include_optimizer or not isinstance(each[1], OptimizerState)]
    skipped = [owner for each in skip for _, owner in parts(each)]
    if lost := unreached(model, [*(owner for _, owner in everything), *skipped]):
        raise ValueError(
            report(
                f"{where(model)}: {len(lost)} weights would not be saved: {', '.join(v.path for v in lost)}.",
                expected="each weight in a layer that an attribute, a list or a dict of the model holds",
            )
        )
    advance = progress.bar("Saving", sum(v.size * np.dtype(v.raw().dtype).itemsize for v in _variables(everything)))
    for path, owner in everything:
        values = _values(owner)
        yield path, _name(owner), values
        advance(sum(np.asarray(value).nbytes for value in values.values()))


def _variables(everything: list[tuple[str, Any]]) -> list[Any]:
    return [v for _, owner in everything for v in (owner._own() if isinstance(owner, Weighted) else owner.variables)]


def _name(owner: Any) -> str | None:
    return owner.name if isinstance(getattr(owner, "name", None), str) else None


def _values(owner: Any) -> Mapping[str, Any]:
    store: dict[str, Any] = {}
    owner.save_own_variables(store)
    return store


def load_weights(
    model: Any,
    filepath: str | os.PathLike,
    skip_mismatch: bool = False,
    by_name: bool = False,
    objects_to_skip: Iterable[Any] = (),
    **kwargs: Any,
) -> None:
    """Read the weights from a `.weights.h5`, `.keras` or HDF5 file or a SavedModel, of any Keras: all of them, or none.

    Args:
        by_name: for files of Keras 1 and 2: take what belongs to layers of the model's names, leave the rest.
        skip_mismatch: leave the layers that do not fit as they are, with a warning.
        objects_to_skip: layers that are left as they are, with those that are in no other.

    Raises:
        ValueError: the model is not built; or file and model differ: every difference is named.
        SafetyError: the file could do harm.
    """
    if kwargs:
        known = "skip_mismatch, by_name, objects_to_skip"
        raise ArgumentError(report(f"Invalid keyword arguments: {', '.join(kwargs)}.", fix=f"there are {known}."))
    _require_built(model, "loading weights into")
    skip = list(objects_to_skip or ())
    if step := orbax.step_of(filepath):
        _require_by_place(filepath, not skip)
        orbax.read(model, orbax.Checkpoint(step), skip_mismatch)
        return
    with opened(Path(filepath)) as reader:
        _require_by_place(filepath, not (skip and past.hdf5.is_old(reader)))
        read(model, reader, skip_mismatch, by_name, skip)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """The arrays of a file or folder, whatever its name: of a model, of weights, or of several files of them."""
    if path.is_dir() and folder.is_one(path):
        with folder.opened(path) as members, members.weights() as reader:
            yield reader
    elif place := savedmodel.folder_of(path):
        with savedmodel.Reader(place) as reader:
            yield reader
    elif not path.is_file():
        raise FileNotFoundError(report(f"There is no file {str(path)!r}."))
    elif zipfile.is_zipfile(path):
        with archive.opened(path) as members, members.weights() as reader:
            yield reader
    elif shards.is_index(path):
        with shards.opened(path) as reader:
            yield reader
    else:
        with h5.opened(path) as reader:
            yield reader


def _require_built(model: Any, doing: str) -> None:
    if not model.built:
        raise ValueError(
            report(
                f"{where(model)}: You are {doing} a model that has not yet been built.",
                fix="call it on some data first, or `model.build(input_shape)`.",
            )
        )


class _Difference(NamedTuple):
    """What keeps one part from being loaded."""

    path: str
    lines: list[str]


def read(
    model: Any, reader: h5.Reader, skip_mismatch: bool = False, by_name: bool = False, skip: Sequence[Any] = ()
) -> None:
    """Set the model's variables to the arrays of a file, but those of the layers to skip."""
    if past.hdf5.is_old(reader):
        past.weights.read(model, reader, by_name, skip_mismatch)
        return
    if by_name:
        raise ValueError(
            report(
                f"{reader.label} holds weights by their place in the model, not by the names of layers.",
                got="by_name=True",
                fix="`load_weights(filepath, skip_mismatch=True)`.",
            )
        )
    everything, stores = _placed(reader, model, skip)
    _build_optimizer(model, stores)
    used = {f"{store.prefix}{name}" for store in stores.values() for name in store}
    found = [(owner, _Difference(path, _differences(owner, stores[path]))) for path, owner in everything]
    wrong = [difference for _, difference in found if difference.lines]
    if wrong and not skip_mismatch:
        raise ValueError(_explain(reader, wrong, used))
    found = [each for each in found if not _is_fresh(each[0], stores[each[1].path])]
    sizes = {path: sum(map(store.size, store)) for path, store in stores.items()}
    advance = progress.bar("Loading", sum(sizes.values()))
    for owner, difference in sorted(found, key=lambda each: _loads_plainly(each[0])):  # what may fail comes first
        if not difference.lines:
            try:
                owner.load_own_variables(stores[difference.path])
            except Exception as error:
                if not skip_mismatch:
                    raise ValueError(_explain(reader, [_Difference(difference.path, [repr(error)])], used)) from error
                wrong.append(_Difference(difference.path, [repr(error)]))
        advance(sizes[difference.path])
    unused = [path for path in _unused(reader, used) if not path.startswith(("optimizer/", "metrics/"))]
    if wrong:
        warnings.warn(_explain(reader, wrong, used), stacklevel=3)
    elif unused and not skip:
        text = f"{reader.label}: {len(unused)} arrays of the file have no place in the model: {', '.join(unused)}."
        warnings.warn(text, stacklevel=3)


def _placed(reader: h5.Reader, model: Any, skip: Sequence[Any]) -> tuple[list[tuple[str, Any]], dict[str, h5.Store]]:
    """The parts with their paths, and what the file has there: by Keras 3's paths, or tf.keras' where that is more."""
    best: tuple[list[tuple[str, Any]], dict[str, h5.Store]] = ([], {})
    for as_tf_keras in (False, True):
        seen = Seen(skip)
        everything = list(parts(model, as_tf_keras, seen))
        stores = {path: _store(reader, path) for path, _ in everything}
        if lacking := [path for path, owner in everything if not stores[path] and _wants(owner)]:
            aliases = seen.aliases({id(owner): path for path, owner in everything})
            for path in lacking:
                stores[path] = next(filter(None, (_store(reader, p) for p in elsewhere(path, aliases))), stores[path])
        if not best[0] or sum(map(len, stores.values())) > sum(map(len, best[1].values())):
            best = everything, stores
        if sum(map(len, stores.values())) == len(reader.paths):
            break
    return best


_LAYERS_IN_2_13 = "_layer_checkpoint_dependencies"  # where tf.keras until 2.13 had the layers of a graph


def _store(reader: h5.Reader, path: str) -> h5.Store:
    """The arrays of a part; tf.keras has attention's parts by names with an underscore before them."""
    found, (place, slash, name) = reader.store(path), path.rpartition("/")
    in_2_13 = "/".join(_LAYERS_IN_2_13 if each == "layers" else each for each in path.split("/"))
    return found or reader.store(f"{place}{slash}_{name}") or reader.store(in_2_13) or found


def _unused(reader: h5.Reader, used: set[str]) -> list[str]:
    return [path for path in reader.paths if path not in used]


def _build_optimizer(model: Any, stores: Mapping[str, h5.Store]) -> None:
    """Make the variables of an optimizer that has made no step, where the file has their values."""
    optimizer = getattr(model, "optimizer", None)
    if isinstance(optimizer, OptimizerState) and not optimizer.built and len(stores.get("optimizer", ())) > 2:
        optimizer.build(model.trainable_variables)


def _is_fresh(owner: Any, store: h5.Store) -> bool:
    """Whether the file's optimizer has made no step, so that there is nothing to take from it."""
    return isinstance(owner, OptimizerState) and len(store) <= 2 < len(owner.variables)


def _loads_plainly(owner: Any) -> bool:
    """Whether the arrays of a part are its variables, in order."""
    return type(owner).load_own_variables is Weighted.load_own_variables


def _wants(owner: Any) -> bool:
    """Whether a part has arrays in a file, as far as that is known."""
    return not _loads_plainly(owner) or bool(owner._stored())


def _differences(owner: Any, store: h5.Store) -> list[str]:
    """Where the variables of a part and the arrays of the file differ; an optimizer judges for itself."""
    if not _loads_plainly(owner):
        return []
    variables = owner._stored()
    lines = []
    for i, variable in enumerate(variables):
        place = f"{store.prefix}{i} ({variable.path})"
        if str(i) not in store:
            lines.append(f"missing:     {place}, shape {variable.shape}")
        elif store.shape(str(i)) != variable.shape:
            lines.append(f"wrong shape: {place}: {variable.shape} in the model, {store.shape(str(i))} in the file")
    numbers = {str(i) for i in range(len(variables))}
    lines += [f"unexpected:  {store.prefix}{k}, shape {store.shape(k)}" for k in store if k not in numbers]
    return lines


def _explain(reader: h5.Reader, wrong: list[_Difference], used: set[str]) -> str:
    title = f"A total of {len(wrong)} objects could not be loaded from {reader.label}: file and model differ."
    lines = [line for difference in wrong for line in difference.lines]
    extra = [f"unexpected:  {p}, shape {reader.shape(p)}" for p in _unused(reader, used) if "optimizer/" not in p]
    return report(
        "\n".join([title, *(f"  {line}" for line in (*lines, *extra))]),
        fix="build the same model, or `load_weights(..., skip_mismatch=True)` to keep the layers that differ.",
    )
