"""Categories, as many as there may be, in a fixed number of bins."""

from typing import Any

import jax
import numpy as np

from tricera.engine import dtypes
from tricera.engine.registry import register
from tricera.kernels import fingerprint
from tricera.layers.arguments import adopt, check_choice, check_positive, is_whole, mistake, refuse
from tricera.layers.preprocessing.encoding import DENSE, MODES, encode, encoded_shape, integer_dtype
from tricera.layers.preprocessing.host import HostLayer, in_program, texts

_CROSSING = 0xDECAFCAFFE  # what a crossing starts from


def bins_of(x: Any, count: int, salt: Any = None) -> np.ndarray:
    """The bin of each element by the hash of its text: FarmHash's fingerprint, or SipHash keyed by `salt`."""
    found = fingerprint.fingerprint64(texts(x)) if salt is None else fingerprint.siphash(texts(x), salt)
    return (found % np.uint64(count)).astype("int64").reshape(np.shape(x))


def salt_of(layer: Any, salt: Any) -> list[int] | None:
    """The key of two numbers that `salt` means.

    Raises:
        ValueError: it is neither a whole number nor two.
    """
    if salt is None:
        return None
    key = [salt, salt] if is_whole(salt) else list(salt) if isinstance(salt, list | tuple) else []
    if len(key) != 2 or not all(map(is_whole, key)):
        what = "The `salt` argument can only be a tuple of size 2 integers, or a single integer."
        raise mistake(layer, what, got=repr(salt))
    return key


class _Binned(HostLayer):
    """Base of the layers that hash into `num_bins` bins."""

    @property
    def output_dtype(self):
        if self.output_mode == "int":
            return integer_dtype(self.compute_dtype)
        return "float32" if self.compute_dtype.startswith("int") else self.compute_dtype

    def _encoded(self, bins: Any, shape: tuple, *inputs: Any) -> Any:
        """What `bins` of the inputs gives, encoded; in a program it is asked for on the host."""
        if any(map(in_program, inputs)):
            struct = jax.ShapeDtypeStruct(shape, "int32")
            found = jax.pure_callback(lambda *x: bins(*x).astype("int32"), struct, *inputs, vmap_method="sequential")
        else:
            found = bins(*inputs)
        return encode(found, self.output_mode, self.num_bins, self.output_dtype)

    def compute_output_shape(self, input_shape):
        shape = input_shape[0] if isinstance(input_shape[0], list | tuple) else input_shape
        return encoded_shape(shape, self.output_mode, self.num_bins)


@register("layer")
class Hashing(_Binned):
    """`hash(x) % num_bins` of text or whole numbers (by their digits).

    Args:
        mask_value: has bin 0 for itself.
        salt: a key, of one or two integers, with which SipHash-2-4 takes the place of FarmHash.

    Raises:
        ValueError: `num_bins` is no positive integer; `salt` or `output_mode` makes no sense.
    """

    def __init__(self, num_bins, mask_value=None, salt=None, output_mode="int", sparse=False, **kwargs):
        if output_mode == "int" and kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64"
        super().__init__(**kwargs)
        adopt(self, locals())
        check_positive(self, num_bins=num_bins)
        check_choice(self, MODES, output_mode=output_mode)
        if output_mode == "int" and dtypes.is_float(self.compute_dtype):
            what = 'When `output_mode="int"`, `dtype` should be an integer type, as bins are.'
            raise mistake(self, what, got=self.compute_dtype)
        refuse(self, DENSE, sparse=sparse)
        self.salt = salt_of(self, salt)

    def call(self, inputs):
        return self._encoded(self._bins, inputs.shape, inputs)

    def _bins(self, x: Any) -> np.ndarray:
        x = np.asarray(x)
        if self.mask_value is None:
            return bins_of(x, self.num_bins, self.salt)
        masked = np.asarray([text == str(self.mask_value).encode() for text in texts(x)]).reshape(x.shape)
        if self.num_bins == 1:
            return np.zeros(x.shape, "int64")
        return np.where(masked, 0, bins_of(x, self.num_bins - 1, self.salt) + 1)


@register("layer")
class HashedCrossing(_Binned):
    """The bin of the combination of several features: the hash of their fingerprints, one after another.

    Shapes: `[(batch,), (batch,), ...]`, or each `(batch, 1)`, `-> (batch,)`, `(batch, 1)` or `(batch, num_bins)`.

    Raises:
        ValueError: `num_bins` is no positive integer, an unknown `output_mode`, or inputs of different shapes.
    """

    def __init__(self, num_bins, output_mode="int", sparse=False, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype or "int64", **kwargs)
        adopt(self, locals())
        check_positive(self, num_bins=num_bins)
        check_choice(self, MODES[:2], output_mode=output_mode)
        refuse(self, DENSE, sparse=sparse)

    def call(self, inputs):
        shapes = [each.shape for each in inputs] if isinstance(inputs, list | tuple) else []
        what = None
        if len(shapes) < 2:
            what = "`HashedCrossing` should be called on a list or tuple of at least two inputs."
        elif len(set(shapes)) > 1 or not all(len(s) < 2 or s[1:] == (1,) for s in shapes):
            what = "All `HashedCrossing` inputs should have shape (batch,) or (batch, 1), and the same one."
        elif any(not dtypes.is_text(each) and dtypes.is_float(each.dtype) for each in inputs):
            what = "All `HashedCrossing` inputs should have an integer or string dtype."
        if what is not None:
            got = [f"{dtypes.dtype_of(each)}{list(each.shape)}" for each in inputs] if shapes else repr(inputs)
            raise mistake(self, what, got=got)
        return self._encoded(self._bins, shapes[0], *inputs)

    def _bins(self, *features: Any) -> np.ndarray:
        total = np.full(np.size(features[0]), np.uint64(_CROSSING))
        for feature in map(np.asarray, features):
            whole = feature.dtype.kind in "iub"
            own = feature.ravel().astype("int64").view("uint64") if whole else fingerprint.fingerprint64(texts(feature))
            total = fingerprint.concatenated(total, own)
        return (total % np.uint64(self.num_bins)).astype("int64").reshape(features[0].shape)

    def get_config(self):
        config = super().get_config()
        config.pop("trainable")
        return {**config, "dtype": self.dtype_policy.name}
