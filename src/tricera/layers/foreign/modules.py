"""Modules of Flax as layers."""

import inspect
from typing import Any

from tricera.engine import registry
from tricera.engine.registry import register
from tricera.errors import report
from tricera.layers.foreign.functions import JaxLayer


@register("layer")
class FlaxLayer(JaxLayer):
    """A module of Flax as a layer: its `params` are trained, its other collections are states.

    >>> layer = FlaxLayer(flax.linen.Dense(3))

    Files hold a module whose class has `get_config` and `from_config` and is registered, by
    `keras.saving.register_keras_serializable()`.

    Args:
        module: an instance of `flax.linen.Module`.
        method: what computes, in place of `__call__`: a method of the module, its name, or a function that takes the
            module first. Its other arguments are `inputs` and, where it wants to know, `training`.
        variables: what `module.init` returned, to begin with.

    Raises:
        ImportError: Flax is not installed.
        TypeError: `module` is none of Flax.
    """

    def __init__(self, module, method=None, variables=None, **kwargs):
        linen = _linen()
        if not isinstance(module, linen.Module):
            raise TypeError(
                report(
                    "FlaxLayer: `module` must be an instance of `flax.linen.Module`.",
                    got=f"{module!r} ({type(module).__name__})",
                    fix="of `flax.nnx`, give functions of its arrays to `JaxLayer`.",
                )
            )
        if isinstance(method, str):
            method = getattr(module, method)
        self.module, self.method = module, method
        options = {"method": method}

        def variables_of(params, state):
            return {**(params or {}), **(state or {})}

        def init(rng, inputs, training):
            return self._divided(module.init(rng, inputs, **options, **self._told(training)))

        def call(params, state, rng, inputs, training):
            options_now = {**options, "rngs": rng, "mutable": linen.DenyList(["params"]), **self._told(training)}
            return module.apply(variables_of(params, state), inputs, **options_now)

        self._tells = "training" in inspect.signature(method or module.__call__).parameters
        params, state = (None, None) if variables is None else self._divided(variables)
        super().__init__(call, init, params, state, **kwargs)

    def _told(self, training):
        return {"training": training} if self._tells else {}

    @staticmethod
    def _divided(variables):
        """What is trained, and the states."""
        params = {name: value for name, value in variables.items() if name == "params"}
        return params, {name: value for name, value in variables.items() if name != "params"}

    def _init_rng(self):
        return {"params": self.seed_generator.next(), "dropout": self.seed_generator.next()}

    def _call_rng(self, training):
        return {"dropout": self.seed_generator.next()} if training else {}

    def get_config(self):
        config = super().get_config()
        method = self.method
        if getattr(method, "__self__", None) is self.module:
            method = method.__name__
        return {**config, "module": registry.serialize(self.module), "method": registry.serialize(method)}


def _linen() -> Any:
    try:
        from flax import linen
    except ImportError:
        raise ImportError(report("FlaxLayer needs Flax, which is not installed.", fix="pip install flax")) from None
    return linen
