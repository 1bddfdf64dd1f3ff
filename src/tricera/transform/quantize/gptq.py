"""Rounding a matrix number by number, each making up for what those before it lost.

Reference: Frantar et al., 2022, arXiv:2210.17323.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from tricera.quantizers import GPTQConfig
from tricera.quantizers.groups import scale_and_zero, to_groups

_BLOCK = 128  # of how many rows the numbers are moved at once; those that follow wait until its end


class Hessian:
    """`2 x^T x`, the mean over all inputs: how much it matters that a row is rounded."""

    def __init__(self, rows: int):
        self.value = np.zeros((rows, rows), "float32")
        self.count = 0

    @staticmethod
    def measure(x: Any) -> Any:
        """What is needed of inputs `(..., rows)`."""
        return jnp.matmul(x.T, x)

    def add(self, measured: Any, count: int) -> None:
        """Take inputs into the mean."""
        total = self.count + count
        self.value = self.value * np.float32(self.count / total) + np.float32(2 / total) * np.asarray(measured)
        self.count = total


def quantized(matrix: np.ndarray, hessian: Hessian, config: GPTQConfig) -> dict[str, Any]:
    """A matrix `(rows, columns)` as numbers `(columns, rows)`, the scale and zero of each group, each row's group."""
    damped = hessian.value.copy()
    diagonal = np.where(damped.diagonal() == 0, np.float32(1), damped.diagonal())
    diagonal = diagonal + np.float32(config.hessian_damping) * diagonal.mean()
    np.fill_diagonal(damped, diagonal)
    rows = len(matrix)
    order = np.argsort(-diagonal, kind="stable") if config.activation_order else np.arange(rows)
    # Row j of this factor is row j of the inverse of what is left of the Hessian once the rows before it are rounded.
    factor = np.linalg.cholesky(np.linalg.inv(damped[order][:, order])).T
    size = rows if config.group_size == -1 else config.group_size
    numbers, scale, zero = _rounded(matrix.T[:, order].astype("float32"), factor, size, config)
    back = np.argsort(order)
    group = (np.arange(rows) // size).astype("float32")
    return {"numbers": numbers[:, back], "scale": scale, "zero": zero, "group": group[back]}


def _rounded(weight: np.ndarray, factor: np.ndarray, size: int, config: GPTQConfig) -> tuple[np.ndarray, ...]:
    """Numbers, scales and zeros of a matrix `(columns, rows)`, its rows in the order in which they are rounded."""
    bits, rows = config.weight_bits, weight.shape[1]
    numbers, scales, zeros = np.empty_like(weight), [], []
    for start in range(0, rows, _BLOCK):
        stop = min(start + _BLOCK, rows)
        block, errors = weight[:, start:stop].copy(), np.zeros_like(weight[:, start:stop])
        for i, row in enumerate(range(start, stop)):
            if row % size == 0:
                group = weight[:, row : row + size]
                scale, zero = scale_and_zero(group, bits, -1, config.symmetric, config.per_channel)
                scales.append(scale)
                zeros.append(zero)
            numbers[:, row] = to_groups(block[:, i : i + 1], scale, zero, np.zeros(1), bits)[:, 0]
            lost = block[:, i] - (numbers[:, row] - zero[:, 0]) * scale[:, 0]
            errors[:, i] = lost / factor[row, row]
            block[:, i + 1 :] -= np.outer(errors[:, i], factor[row, row + 1 : stop])
        weight[:, stop:] -= errors @ factor[start:stop, stop:]
    return numbers, np.concatenate(scales, 1), np.concatenate(zeros, 1)
