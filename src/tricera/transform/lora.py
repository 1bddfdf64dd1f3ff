"""Low-rank adapters: a frozen weight, and a product of two small ones that training changes in its stead."""

import copy
from typing import Any

import jax.numpy as jnp

from tricera.engine import scope
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.engine.variable import Variable
from tricera.errors import report


class Frozen(Variable):
    """A variable that training never changes, whatever its layer is set to.

    Adapters may belong to it: `scale * a @ b` is to be added. What is assigned has them in it.
    """

    adapters: tuple[Variable, Variable, float] | None = None

    @property
    def trainable(self) -> bool:  # type: ignore[override]
        """Never."""
        return False

    @trainable.setter
    def trainable(self, value: bool) -> None:
        """Layers set it, of all their weights."""

    def added(self) -> Any:
        """What the adapters add."""
        a, b, scale = self.adapters  # type: ignore[misc]
        return scale * jnp.matmul(a.value, b.value)

    def assign(self, value: Any) -> Any:
        """Let the whole be `value`."""
        if self.adapters is not None:
            b = self.adapters[1]
            b.assign(jnp.zeros(b.shape, b.dtype))
        return super().assign(value)

    def __deepcopy__(self, memo: dict) -> Variable:
        twin = super().__deepcopy__(memo)
        twin.adapters = copy.deepcopy(self.adapters, memo)
        return twin


class Adapted(Frozen):
    """A variable that reads as `weight + scale * a @ b`. Its cell has the weight alone; files get the whole.

    A Variable becomes one by `adapt`, so that whoever holds it reads the whole from then on.
    """

    @property
    def value(self) -> Any:
        return Variable.value.fget(self) + self.added()  # type: ignore[attr-defined]

    def raw(self) -> Any:
        """The weight alone, in its own dtype."""
        with scope.enter(autocast=None):
            return Variable.value.fget(self)  # type: ignore[attr-defined]

    def stored(self) -> Any:
        with scope.enter(autocast=None):
            return self.value


def adapt(weight: Variable, a: Variable, b: Variable, scale: float) -> None:
    """Make `weight` read as `weight + scale * a @ b`, and freeze it."""
    weight.__class__ = Adapted
    weight.adapters = (a, b, scale)  # type: ignore[attr-defined]
    a.absorbed = b.absorbed = True


class Adaptable(Layer):
    """A layer one weight of which takes low-rank adapters.

    Attributes:
        adapted: the name of that weight: `lora_{adapted}_a` and `lora_{adapted}_b` are those that training changes.
    """

    adapted = "kernel"
    lora_rank: int | None = None
    lora_alpha: float | None = None

    @property
    def lora_enabled(self) -> bool:
        """Whether it has adapters."""
        return isinstance(vars(self).get(self.adapted), Adapted)

    def enable_lora(self, rank, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros"):
        """Freeze the weight `w` and train `a` and `b` of `w + lora_alpha / rank * a @ b` in its stead.

        Shapes: w `(..., features, units)`, a `(..., features, rank)`, b `(rank, units)`.

        Args:
            lora_alpha: `rank` by default.

        Raises:
            ValueError: the weight has a constraint, the layer is not built or has adapters, or `rank` is no size.

        Reference: Hu et al., 2021, arXiv:2106.09685.
        """
        self._check_adapters(rank)
        if not self.built:
            raise ValueError(
                report(
                    f"{where(self)}: Cannot enable lora on a layer that isn't yet built.",
                    fix="build it first: call it on data, or `layer.build(input_shape)`; or pass `lora_rank=`.",
                )
            )
        if self.lora_enabled:
            raise ValueError(
                report(f"{where(self)}: lora is already enabled.", expected="one call of `enable_lora` for each layer")
            )
        with scope.enter(path=tuple(self.path.split("/")[:-1]), values=None, autocast=None):
            self._make_adapters(rank, lora_alpha, a_initializer, b_initializer)

    def _adapt_if_asked(self) -> None:
        """The end of `build`: adapters, if the constructor was given a rank."""
        if self.lora_rank is not None:
            self._check_adapters(self.lora_rank)
            self._make_adapters(self.lora_rank, self.lora_alpha)

    def _check_adapters(self, rank: Any) -> None:
        if getattr(self, f"{self.adapted}_constraint", None) is not None:
            raise ValueError(
                report(
                    f"{where(self)}: Lora is incompatible with {self.adapted.removesuffix('s')} constraints.",
                    fix=f"remove the `{self.adapted}_constraint` argument.",
                )
            )
        if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
            raise ValueError(
                report(f"{where(self)}: `rank` is not a size.", expected="a positive integer", got=repr(rank))
            )

    def _make_adapters(
        self, rank: int, alpha: float | None, a_initializer: Any = "he_uniform", b_initializer: Any = "zeros"
    ) -> None:
        weight = getattr(self, self.adapted)
        regularizer = getattr(self, f"{self.adapted}_regularizer", None)
        alpha = rank if alpha is None else alpha
        shapes = {"a": ((*weight.shape[:-1], rank), a_initializer), "b": ((rank, weight.shape[-1]), b_initializer)}
        a, b = (
            self.add_weight(shape, initializer, name=f"lora_{self.adapted}_{side}", regularizer=regularizer)
            for side, (shape, initializer) in shapes.items()
        )
        setattr(self, f"lora_{self.adapted}_a", a)
        setattr(self, f"lora_{self.adapted}_b", b)
        self._attach(a, b, alpha / rank)
        self.lora_rank, self.lora_alpha = rank, alpha
        self._arguments.update(lora_rank=rank, lora_alpha=alpha)

    def _attach(self, a: Variable, b: Variable, scale: float) -> None:
        """Have the weight read with the adapters in it."""
        adapt(getattr(self, self.adapted), a, b, scale)
