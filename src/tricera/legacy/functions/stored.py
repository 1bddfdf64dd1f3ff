"""What `io_utils`, `data_utils` and `engine.saving` of Keras 1 and 2 did with files."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tricera.disk import atomic
from tricera.errors import report
from tricera.saving import keras2, past
from tricera.saving.weights import opened

_files: dict[str, Any] = {}  # each opened once


class HDF5Matrix:
    """Rows of a data set in an HDF5 file, read when they are asked for: `fit` takes it in place of an array.

    Args:
        datapath: the file; `dataset`: the name in it.
        start, end: the first row, and the one after the last.
        normalizer: a function of the rows that are read.
    """

    def __init__(self, datapath, dataset, start=0, end=None, normalizer=None):
        import h5py

        if datapath not in _files:
            _files[datapath] = h5py.File(datapath, "r")
        self.data = _files[datapath][dataset]
        self.start, self.end = start, self.data.shape[0] if end is None else end
        self.normalizer = normalizer

    def __len__(self):
        return self.end - self.start

    def __getitem__(self, key):
        if isinstance(key, slice):
            rows = range(*key.indices(len(self)))
            found = self._slice(rows) if rows.step == 1 else self._rows(rows)
        elif isinstance(key, int | np.integer):
            found = self._slice(range(key, key + 1))[0]
        else:
            found = self._rows(np.arange(len(self))[np.asarray(key)])
        return found if self.normalizer is None else self.normalizer(found)

    def _slice(self, rows):
        if len(rows) and not 0 <= rows[0] <= rows[-1] < len(self):
            raise IndexError(report("HDF5Matrix: no such rows.", expected=f"0 to {len(self) - 1}", got=rows))
        return self.data[self.start + rows.start : self.start + rows.stop]

    def _rows(self, rows):
        order, places = np.unique(np.asarray(rows, int), return_inverse=True)  # HDF5 reads rising rows
        if len(order) and not 0 <= order[0] <= order[-1] < len(self):
            raise IndexError(report("HDF5Matrix: no such rows.", expected=f"0 to {len(self) - 1}", got=list(rows)))
        return self.data[self.start + order][places]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[:], dtype)

    @property
    def shape(self):
        """The shape, with the rows that count."""
        return (len(self), *self.data.shape[1:])

    @property
    def dtype(self):
        """The dtype in the file."""
        return self.data.dtype

    @property
    def ndim(self):
        """The number of axes."""
        return self.data.ndim

    @property
    def size(self):
        """The number of elements."""
        return int(np.prod(self.shape))


def ask_to_proceed_with_overwrite(filepath):
    """Whether the user, on a terminal, says that a file may be written over."""
    return atomic.may_write(filepath, False)


def validate_file(fpath, file_hash=None, algorithm="auto", chunk_size=65535, md5_hash=None):
    """Whether a file has this hash: MD5, or SHA-256 where it is as long."""
    file_hash = md5_hash or file_hash
    kind = "sha256" if algorithm == "sha256" or (algorithm == "auto" and len(file_hash) == 64) else "md5"
    with open(fpath, "rb") as file:
        return hashlib.file_digest(file, kind).hexdigest() == file_hash


# ---- weights in groups of an HDF5 file that the program has open


def save_weights_to_hdf5_group(group, layers):
    """Write the weights of layers into an open group."""
    keras2.write_layers(group, _Layers(layers))


def load_weights_from_hdf5_group(f, layers, reshape=False):
    """Read the weights of layers, in their order, from an open group."""
    _load(f, layers, by_name=False)


def load_weights_from_hdf5_group_by_name(f, layers, skip_mismatch=False, reshape=False):
    """Read the weights of those layers that the group has by their names."""
    _load(f, layers, by_name=True, skip_mismatch=skip_mismatch)


def preprocess_weights_for_loading(layer, weights, original_keras_version=None, original_backend=None, reshape=False):
    """The arrays as they are: what an older Keras ordered otherwise is put in order where a file is read."""
    return weights


class _Layers:
    """Layers in place of a model."""

    name = "layers"

    def __init__(self, layers):
        self.layers = list(layers)
        self.weights = [weight for layer in self.layers for weight in layer.weights]


def _load(group, layers, by_name, skip_mismatch=False):
    import h5py

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.h5"
        with h5py.File(path, "w") as file:
            for name in group:
                group.copy(name, file)
            file.attrs.update(group.attrs)
        with opened(path) as reader:
            past.weights.read(_Layers(layers), reader, by_name, skip_mismatch)
