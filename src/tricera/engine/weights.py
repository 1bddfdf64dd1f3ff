"""The weights of a layer and of everything inside it: lists, counts, values, losses."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.engine import dtypes, graph, registry, scope, tracking
from tricera.engine.configured import Configured
from tricera.engine.inputs import where
from tricera.engine.variable import Variable, standardize_shape
from tricera.errors import report


class Weighted(Configured):
    """The part of a layer that owns variables and other layers."""

    name: str
    built: bool
    dtype_policy: Any
    _trainable: bool
    _losses: list[Any]

    def add_weight(
        self,
        shape: Any = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> Variable:
        """Make a variable of this layer; assign it to an attribute.

        Args:
            initializer: Glorot's uniform one by default, zeros for integers and booleans.
        """
        if isinstance(shape, str):  # Keras 2's order: name, shape
            shape, name, initializer = (initializer if not isinstance(initializer, str) else ()), shape, None
        dtype = dtypes.standardize_dtype(dtype or self.dtype_policy.at("/".join(self._path())).variable_dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        if isinstance(initializer, str | dict | type):
            initializer = registry.resolve("initializer", initializer)
        with scope.enter(path=self._path()):
            variable = Variable(
                initializer,
                shape=standardize_shape(() if shape is None else shape),
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = registry.resolve("regularizer", regularizer)
        variable.constraint = registry.resolve("constraint", constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        variable.trainable = trainable and self.trainable
        self.__dict__.setdefault("_added", []).append(variable)
        return variable

    add_variable = add_weight

    def _path(self) -> tuple[str, ...]:
        path = scope.current().path
        return path if path and path[-1] == self.name else (*path, self.name)

    # ---- lists

    def _sublayers(self) -> list[Any]:
        """The layers held directly."""
        return tracking.held(self, "layer")

    def _flatten_layers(self, include_self: bool = True, recursive: bool = True) -> list[Any]:
        found: list[Any] = [self] if include_self else []
        seen = {id(self)}
        queue = list(self._sublayers())
        while queue:
            layer = queue.pop(0)
            if id(layer) not in seen:
                seen.add(id(layer))
                found.append(layer)
                if recursive:
                    queue = layer._sublayers() + queue
        return found

    def _own(self) -> list[Variable]:
        variables = tracking.held(self, "variable")
        return sorted(variables, key=lambda v: not v.learnable)

    def _stored(self) -> list[Variable]:
        """Those of its own variables that files have."""
        return [v for v in self._own() if not v.absorbed]

    @property
    def weights(self) -> list[Variable]:
        """The variables of this layer and of those inside, without seeds and metrics: trainable ones first."""
        return tracking.unique(v for layer in self._flatten_layers() for v in layer._own())

    @property
    def seed_generators(self) -> list[Any]:
        """The seed generators of this layer and of those inside."""
        return tracking.unique(g for layer in self._flatten_layers() for g in tracking.held(layer, "seed"))

    @property
    def variables(self) -> list[Variable]:
        """The weights, the states from batch to batch, the seeds; metrics' are in a model's `metrics_variables`."""
        states = [state for layer in self._flatten_layers() for state in tracking.held(layer, "state")]
        return tracking.unique([*self.weights, *states, *(generator.state for generator in self.seed_generators)])

    @property
    def trainable_weights(self) -> list[Variable]:
        """The weights that training changes."""
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The weights that training leaves alone."""
        trainable = set(map(id, self.trainable_weights))
        return [v for v in self.weights if id(v) not in trainable]

    @property
    def trainable_variables(self) -> list[Variable]:
        """The variables that training changes."""
        return [v for v in self.variables if v.trainable] if self.trainable else []

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """The other variables: frozen weights, running statistics, seeds."""
        trainable = set(map(id, self.trainable_variables))
        return [v for v in self.variables if id(v) not in trainable]

    @property
    def trainable(self) -> bool:
        """Whether training changes the layer; setting it sets the layers inside too."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer.__dict__["_trainable"] = bool(value)
            for variable in tracking.held(layer, "variable"):
                variable.trainable = bool(value) and variable.learnable

    @property
    def metrics(self) -> list[Any]:
        """The metrics that the layer and those inside hold in attributes."""
        return self._held_metrics()

    @property
    def metrics_variables(self) -> list[Variable]:
        """The states of all metrics."""
        return [variable for metric in self.metrics for variable in metric.variables]

    def _held_metrics(self) -> list[Any]:
        return tracking.unique(m for layer in self._flatten_layers() for m in tracking.held(layer, "metric"))

    # ---- values

    def get_weights(self) -> list[np.ndarray]:
        """Copies of the weights' values."""
        return [weight.numpy() for weight in self.weights]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set the weights, in the order of `get_weights`.

        Raises:
            ValueError: another number of arrays, or another shape.
        """
        own = self.weights
        if len(weights) != len(own):
            fix = None if self.built else "build the layer first: call it on data, or `layer.build(input_shape)`."
            raise ValueError(
                report(
                    f"{where(self)}: you called `set_weights(weights)` with a weight list of length {len(weights)}, "
                    f"but the layer was expecting {len(own)} weights.",
                    expected=[v.shape for v in own],
                    got=[np.shape(w) for w in weights],
                    fix=fix,
                )
            )
        for variable, value in zip(own, weights, strict=True):
            if variable.shape != tuple(np.shape(value)):
                raise ValueError(
                    report(
                        f"{where(self)}: weight shape {variable.shape} is not compatible with provided weight shape "
                        f'{tuple(np.shape(value))} (weight "{variable.path}").',
                        expected=[v.shape for v in own],
                        got=[np.shape(w) for w in weights],
                    )
                )
        for variable, value in zip(own, weights, strict=True):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Put the values of the layer's own variables into `store`, under their numbers."""
        for i, variable in enumerate(self._stored()):
            store[str(i)] = np.asarray(variable.stored())

    def load_own_variables(self, store: Any) -> None:
        """Assign the arrays that `save_own_variables` stored.

        Raises:
            ValueError: another number of arrays, or another shape.
        """
        own = self._stored()
        if len(store.keys()) != len(own):
            raise ValueError(
                report(
                    f"{where(self)}: expected {len(own)} variables, but received {len(store.keys())} variables.",
                    fix=None if self.built else "build the layer first: call it on data.",
                )
            )
        for i, variable in enumerate(own):
            variable.assign(store[str(i)])

    def count_params(self) -> int:
        """The number of elements of all weights.

        Raises:
            ValueError: the layer is not built.
        """
        if not self.built:
            raise ValueError(
                report(
                    f"{where(self)}: you tried to call `count_params` but the layer isn't built.",
                    fix=f"build it first: `{self.name}.build(input_shape)`, or call it on data.",
                )
            )
        return sum(weight.size for weight in self.weights)

    # ---- losses

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or several, or a function that makes one) to what training makes small."""
        collector = scope.current().losses
        for each in loss if isinstance(loss, list | tuple) else [loss]:
            if callable(each) or collector is None:
                self._losses.append(each)
            else:
                collector.append((self, each))

    @property
    def losses(self) -> list[Any]:
        """Losses that were added in the last call, by this layer or inside it, then those of the regularizers."""
        layers = self._flatten_layers()
        mine = set(map(id, layers))
        collected = [loss for owner, loss in scope.current().losses or [] if id(owner) in mine]
        kept = [_value(loss) for layer in layers for loss in layer._losses]
        return [*collected, *kept, *self._regularization()]

    def _regularization(self) -> list[Any]:
        return [v.regularizer(v.raw()) for v in self.trainable_weights if v.regularizer is not None]

    def _clear_losses(self) -> None:
        for layer in self._flatten_layers():
            layer._losses[:] = [loss for loss in layer._losses if callable(loss) or graph.any_symbolic(loss)]


def _value(loss: Any) -> Any:
    return loss() if callable(loss) else loss
