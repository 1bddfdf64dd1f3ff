"""Numbers as the number of the bin that they lie in."""

from typing import Any

import numpy as np

from tricera.engine.registry import register
from tricera.layers.arguments import adopt, check_choice, check_positive, mistake, refuse
from tricera.layers.preprocessing.encoding import DENSE, MODES, encode, encoded_shape
from tricera.layers.preprocessing.host import HostLayer, module_of


@register("layer")
class Discretization(HostLayer):
    """The number of boundaries that are at most `x`: 0 below the first one.

    Args:
        bin_boundaries: the boundaries, rising.
        num_bins: instead of them: `adapt` finds boundaries between so many bins of about equal counts.
        epsilon: the error of those quantiles, as a share of the data.

    Raises:
        ValueError: both or neither of `bin_boundaries` and `num_bins`; an unknown `output_mode`.
    """

    def __init__(
        self, bin_boundaries=None, num_bins=None, epsilon=0.01, output_mode="int", sparse=False, dtype=None, name=None
    ):
        super().__init__(dtype=dtype, name=name)
        adopt(self, locals())
        if bin_boundaries is None and num_bins is None:
            raise mistake(self, "You need to set either `num_bins` or `bin_boundaries`.")
        if bin_boundaries is not None and num_bins is not None:
            what = "Both `num_bins` and `bin_boundaries` are set, where one of them says all."
            raise mistake(self, what, got=f"num_bins={num_bins} and bin_boundaries={bin_boundaries}")
        if num_bins is not None:
            check_positive(self, num_bins=num_bins)
        check_choice(self, MODES, output_mode=output_mode)
        refuse(self, DENSE, sparse=sparse)
        self.bin_boundaries = None if bin_boundaries is None else [float(each) for each in bin_boundaries]
        self.reset_state()

    def adapt(self, data, steps=None):
        """Find the boundaries that part an array, or the batches of an iterable, into bins of about equal counts."""
        if self.num_bins is None:
            what = "Cannot adapt a Discretization layer that has been initialized with `bin_boundaries`, use `num_bins`"
            raise mistake(self, f"{what} instead.")
        self._learn(data, steps)

    def update_state(self, data):
        """Let a batch count."""
        self._sketch = _compressed(np.concatenate([self._sketch, _sketch(data, self.epsilon)], 1), self.epsilon)

    def finalize_state(self):
        """Take the boundaries from the batches so far."""
        if self.num_bins is not None and self._sketch.size:
            self.bin_boundaries = [float(x) for x in _compressed(self._sketch, 1.0 / self.num_bins)[0, :-1]]

    def reset_state(self):
        """Forget the batches so far, and the boundaries that came from such."""
        self._sketch = np.zeros((2, 0), "float32")
        if self.num_bins is not None:
            self.bin_boundaries = None

    def call(self, inputs):
        if self.bin_boundaries is None:
            raise mistake(self, "You need to call `adapt(data)` first: there are no boundaries yet.")
        xp = module_of(inputs)
        edges = np.asarray(self.bin_boundaries, "float32")
        found = xp.searchsorted(edges, xp.asarray(inputs, "float32"), side="right")
        return encode(found, self.output_mode, len(edges) + 1, self.output_dtype)

    @property
    def output_dtype(self):
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def compute_output_shape(self, input_shape):
        edges = self.bin_boundaries
        return encoded_shape(input_shape, self.output_mode, self.num_bins if edges is None else len(edges) + 1)

    def get_config(self):
        config = super().get_config()
        config.pop("trainable")
        return {**config, "dtype": self.dtype_policy.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        found = dict(config)
        edges = found.get("bin_boundaries")
        adapted = found.get("num_bins") is not None and edges is not None
        layer = cls(**{**found, "bin_boundaries": None if adapted else edges})
        layer.bin_boundaries = edges
        return layer


def _sketch(data: Any, epsilon: float) -> np.ndarray:
    """`(values, weights)`: every so many-th of the sorted data, and how many it stands for."""
    values = np.sort(np.asarray(data, "float32").ravel())
    step = max(len(values) * epsilon, 1)
    chosen = values[int(step) - 1 :: int(step)]
    return np.stack([chosen, np.full(len(chosen), step, "float32")])


def _compressed(sketch: np.ndarray, epsilon: float) -> np.ndarray:
    """A sketch of at most `1 / epsilon` values, at equal distances of rank."""
    sketch = sketch[:, np.argsort(sketch[0])]
    if sketch.shape[1] * epsilon < 1:
        return sketch
    total = np.cumsum(sketch[1])
    ranks = epsilon + np.arange(0.0, 1.0, epsilon)
    values, counts = (np.interp(ranks, total / total[-1], each) for each in (sketch[0], total))
    return np.stack([values, np.diff(counts, prepend=0)]).astype("float32")
