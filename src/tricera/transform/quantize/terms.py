"""The letters of a product of inputs and a weight."""

import math
import string
from typing import Any, NamedTuple


class Terms(NamedTuple):
    """The three terms of an equation: a letter for each axis."""

    inputs: str
    weight: str
    outputs: str

    @classmethod
    def of(cls, equation: str, ndim: int = 0) -> "Terms":
        """The terms for inputs of `ndim` axes, the ellipsis as letters; without `ndim`, without the ellipsis."""
        left, _, outputs = equation.replace(" ", "").partition("->")
        inputs, _, weight = left.partition(",")
        free = [letter for letter in string.ascii_letters if letter not in equation]
        dots = "".join(free[: max(0, ndim - len(inputs.replace("...", "")))])
        return cls(inputs.replace("...", dots), weight, outputs.replace("...", dots))

    @property
    def equation(self) -> str:
        """The whole, as `einsum` takes it."""
        return f"{self.inputs},{self.weight}->{self.outputs}"

    def summed(self, term: str) -> tuple[int, ...]:
        """The axes of a term that the product adds up."""
        return tuple(i for i, letter in enumerate(term) if letter not in self.outputs)

    def rows_and_columns(self, shape: tuple[int, ...]) -> tuple[int, int]:
        """How many numbers of a weight each output is a sum over, and how many such sums there are."""
        rows = math.prod(shape[axis] for axis in self.summed(self.weight))
        return rows, math.prod(shape) // rows


def laid(array: Any, source: str, target: str) -> Any:
    """`array`, whose axes are `source`'s letters, with those of `target`: of size 1 where `source` has no such letter.

    Axes that `target` has not are of size 1.
    """
    sizes = dict(zip(source, array.shape, strict=True))
    kept = [letter for letter in target if letter in sizes]
    order = [source.index(letter) for letter in kept]
    rest = [axis for axis in range(array.ndim) if axis not in order]
    return array.transpose(*order, *rest).reshape([sizes.get(letter, 1) for letter in target])
