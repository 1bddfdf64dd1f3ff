"""Rounding a matrix whose rows were multiplied before, so that those whose inputs become large are kept exact.

Reference: Lin et al., 2023, arXiv:2306.00978.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from tricera.quantizers import AWQConfig
from tricera.quantizers.groups import from_groups, group_of_each, scale_and_zero, to_groups


class Largest:
    """The largest that each row's inputs become."""

    def __init__(self, rows: int):
        self.value = np.zeros(rows, "float32")

    @staticmethod
    def measure(x: Any) -> Any:
        """What is needed of inputs `(..., rows)`."""
        return jnp.max(jnp.abs(x), axis=0)

    def add(self, measured: Any, count: int) -> None:
        """Take inputs into account."""
        self.value = np.maximum(self.value, np.asarray(measured))


def quantized(matrix: np.ndarray, largest: Largest, config: AWQConfig) -> dict[str, Any]:
    """Numbers `(columns, rows)`, scale and zero of each group, the group and the factor of each row."""
    weight = matrix.T.astype("float32")
    group = group_of_each(len(matrix), config.group_size)
    sizes = np.where(largest.value < 1e-8, np.float32(1), largest.value)
    best, factors = np.inf, np.ones_like(sizes)
    for i in range(config.num_grid_points + 1):
        tried = _factors(sizes, i / config.num_grid_points)
        parts = _rounded(weight * tried, group, config)
        again = np.asarray(from_groups(*parts, group, -1)) / tried
        if (loss := np.mean(np.square(weight - again) * np.square(sizes))) < best:
            best, factors = loss, tried
    numbers, scale, zero = _rounded(weight * factors, group, config)
    return {"numbers": numbers, "scale": scale, "zero": zero, "group": group, "factors": factors}


def _factors(sizes: np.ndarray, power: float) -> np.ndarray:
    """`sizes ^ power`, around 1."""
    factors = np.maximum(sizes ** np.float32(power), np.float32(1e-4))
    return factors / np.maximum(np.sqrt(factors.max() * factors.min()), np.float32(1e-8))


def _rounded(weight: np.ndarray, group: np.ndarray, config: AWQConfig) -> tuple[np.ndarray, ...]:
    scale, zero = scale_and_zero(weight, config.weight_bits, config.group_size)
    return to_groups(weight, scale, zero, group, config.weight_bits), scale, zero
