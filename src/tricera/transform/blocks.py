"""Blocks in which variables hold other values, names stand below a name, or a device computes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp

from tricera.engine import scope
from tricera.engine.pure import stateless
from tricera.engine.variable import Variable
from tricera.errors import report


class StatelessScope:
    """A block in which variables hold the values of a mapping, and what is assigned to them stays in it.

    Args:
        state_mapping: pairs of a variable and its value.
        collect_losses: keep what layers add by `add_loss`, in `losses`.

    Raises:
        ValueError: a key is no variable, or a value has another shape.
    """

    def __init__(self, state_mapping=None, collect_losses=False, initialize_variables=True):
        self.state_mapping, self.collect_losses = dict(_checked(state_mapping or {})), collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self._collected: list[tuple[Any, Any]] = []
        self._block: Any = None

    def __enter__(self) -> "StatelessScope":
        values = list(self.state_mapping.values())
        self._block = stateless(list(self.state_mapping), values, losses=self._collected)
        self.state_mapping = self._block.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._block.__exit__(*exc)
        if self.collect_losses:
            self.losses += [loss for _, loss in self._collected]

    def get_current_value(self, variable):
        """What the variable holds in the block; None where nobody said or assigned anything."""
        return self.state_mapping.get(variable)

    def add_update(self, update):
        """Let a variable hold a value: `(variable, value)`."""
        variable, value = update
        self.state_mapping[variable] = jnp.asarray(value, variable.dtype)

    def add_loss(self, loss):
        """Keep a loss."""
        self.losses.append(loss)


def _checked(mapping: Any) -> Iterator[tuple[Variable, Any]]:
    for variable, value in mapping.items() if isinstance(mapping, dict) else mapping:
        if not isinstance(variable, Variable):
            raise ValueError(
                report("In StatelessScope, all keys in argument `mapping` must be Variable instances.", got=variable)
            )
        value = jnp.asarray(value, variable.dtype)
        if tuple(value.shape) != variable.shape:
            raise ValueError(
                report(
                    "In StatelessScope, all values in argument `mapping` must be tensors with a shape that matches the "
                    f"corresponding variable shape: variable {variable.path!r}.",
                    expected=variable.shape,
                    got=tuple(value.shape),
                )
            )
        yield variable, value


class SymbolicScope:
    """A block in which shapes are inferred, and nothing real is computed."""

    def __enter__(self) -> "SymbolicScope":
        self._block = scope.enter(inferring=True)
        self._block.__enter__()
        return self

    def __exit__(self, *exc: Any) -> None:
        self._block.__exit__(*exc)


@contextmanager
def name_scope(name, **kwargs):
    """A block in which names of variables stand below `name`.

    Raises:
        ValueError: `name` is no name.
    """
    if not isinstance(name, str) or not name or "/" in name:
        raise ValueError(
            report("Argument `name` must be a string, and cannot contain the character `/`.", got=repr(name))
        )
    with scope.name_scope(name) as path:
        yield path


@contextmanager
def device(device_name):
    """A block whose arrays are made on a device: `"cpu"`, `"gpu:1"`.

    Raises:
        ValueError: there is no such device.
    """
    kind, _, index = str(device_name).lower().partition(":")
    kind = "gpu" if kind == "cuda" else kind
    try:
        chosen = jax.devices(kind)[int(index or 0)]
    except (RuntimeError, IndexError, ValueError):
        there = ", ".join(f"{each.platform}:{each.id}" for each in jax.devices())
        raise ValueError(report("There is no such device.", expected=there, got=repr(device_name))) from None
    with jax.default_device(chosen):
        yield
