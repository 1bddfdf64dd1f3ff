"""SeedGenerator, and what one seed for everything sets."""

import random as python_random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tricera.engine import naming, registry, scope
from tricera.engine.configured import Configured
from tricera.engine.variable import Variable
from tricera.errors import report


@registry.register("seed_generator")
class SeedGenerator(Configured):
    """A source of random keys: its state, two uint32, is a key; a draw counts the second up (unordered: scatters both).

    Args:
        seed: an integer; None draws one from Python's `random`.
    """

    tracked_as = "seed"

    def __init__(self, seed: Any = None, name: str | None = None, **kwargs: Any):
        seed = make_default_seed() if seed is None else seed
        if not isinstance(seed, int | np.integer):
            raise ValueError(report("Argument `seed` must be an integer.", got=repr(seed)))
        self.seed = int(seed)
        self.name = name or naming.auto_name(type(self))
        state = np.array([self.seed & 0xFFFFFFFF, 0], "uint32")
        with scope.name_scope(self.name):
            self.state = Variable(state, trainable=False, name="seed_generator_state")

    def next(self, ordered: bool = True) -> Any:
        """The state now, as a key; afterwards the state is another."""
        key = self.state.raw()
        state = key if isinstance(key, jax.core.Tracer) else np.asarray(key)  # on the host: nothing to compile
        one = np.array([0, 1], "uint32")
        self.state.assign(state + one if ordered else (state + np.uint32(1)) * np.uint32(5387) % np.uint32(933199))
        return key

    def get_config(self) -> dict[str, Any]:
        return {"seed": self.seed, "name": self.name}


def make_default_seed() -> int:
    """A seed from Python's `random`."""
    return python_random.randint(1, int(1e9))


def draw_seed(seed: Any) -> Any:
    """A key, two uint32: of a generator its next, of an integer always the same, of None the process' next.

    A key of JAX is itself one.
    """
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, jax.Array):
        return seed
    if isinstance(seed, int | np.integer):
        return jnp.asarray(np.array([int(seed) & 0xFFFFFFFF, 0], "uint32"))
    if seed is None:
        return global_seed_generator().next(ordered=False)
    what = "Argument `seed` must be either an integer or an instance of `SeedGenerator`."
    raise ValueError(report(what, got=f"{seed!r} (of type {type(seed).__name__})"))


_global_seed: int | None = None
_global: SeedGenerator | None = None


def global_seed_generator() -> SeedGenerator:
    """The generator of everything random that has none of its own."""
    global _global
    if _global is None:
        _global = SeedGenerator(name="global_seed_generator")
    return _global


def reset_global_seed_generator() -> None:
    """Forget the process' generator: the next use makes a new one."""
    global _global
    _global = None


def set_random_seed(seed: int) -> None:
    """Seed Python's `random`, NumPy's, and every generator that is made from now on.

    Raises:
        ValueError: `seed` is not an integer.
    """
    global _global_seed
    if not isinstance(seed, int):
        raise ValueError(report("Expected `seed` argument to be an integer.", got=f"{seed!r}"))
    python_random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    _global_seed = seed
    reset_global_seed_generator()


def get_random_seed() -> int | None:
    """What `set_random_seed` was given."""
    return _global_seed
