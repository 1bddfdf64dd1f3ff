"""Sequential: a stack of layers."""

from typing import Any

from jax import tree_util

from tricera.engine import inputs, naming, registry, scope, tracking
from tricera.engine.graph import KerasTensor
from tricera.engine.layer import Layer
from tricera.errors import report
from tricera.layers import Input, InputLayer
from tricera.models.functional import Functional
from tricera.models.model import Model, reserved, unbuilt
from tricera.train import structure


@registry.register("model")
class Sequential(Model):
    """A stack of layers, each of one input and one output.

    Args:
        layers: the layers, first to last; more come by `add`.

    The shape of the input comes from an `Input`, from the first layer's `input_shape=` or `input_dim=`,
    or from the first data.
    """

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None):
        Layer.__init__(self, trainable=trainable, name=name)
        self._stack: list[Layer] = []
        self._graph: Functional | None = None
        self._source: Any = None  # a symbolic tensor; several, where the first layer is a model of several inputs
        self._guessed = False  # whether the shape of the source is that of the first data alone
        self._made: list[Any] = []  # the output of each layer in the graph
        for layer in [layers] if isinstance(layers, Layer) else layers or []:
            self.add(layer, rebuild=False)
        self._connect()

    # ---- the stack

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put a layer on top.

        Raises:
            ValueError: it is no layer, a second `Input`, or a name that is taken.
        """
        if isinstance(layer, KerasTensor):
            layer = layer.node.operation  # type: ignore[union-attr]
        if not isinstance(layer, Layer):
            raise ValueError(
                report(
                    f"Only instances of `keras.Layer` can be added to a Sequential model. Received: {layer!r}.",
                    got=f"{type(layer).__module__}.{type(layer).__name__}",
                    fix=f"add `{layer.__name__}(...)`, an instance." if isinstance(layer, type) else None,
                )
            )
        if isinstance(layer, InputLayer):
            if self._source is not None or self._stack:
                raise ValueError(report(f"Sequential model {self.name!r} has already been configured to use an input."))
            self._source = layer.output
            return
        if any(other.name == layer.name for other in self._stack if other is not layer):
            raise ValueError(
                report(
                    "All layers added to a Sequential model should have unique names. "
                    f'Name "{layer.name}" is already the name of a layer in this model.',
                    fix="give it another `name=`.",
                )
            )
        if not self._stack and self._source is None:
            self._source = declared_input(layer)
        self._stack.append(layer)
        self._changed(rebuild)

    def pop(self, rebuild: bool = True) -> Layer:
        """Take the top layer away, and return it."""
        layer = self._stack.pop()
        del self._made[len(self._stack) :]
        self._changed(rebuild)
        return layer

    def _changed(self, rebuild: bool) -> None:
        """Make the graph anew, now or with the next call."""
        self._graph, self.built = None, False
        if rebuild:
            self._connect()

    def _connect(self) -> None:
        """Make the graph, where the shape of the input is known; layers that stand in it are not called again."""
        if self._source is None or not self._stack:
            self._graph = None
            return
        with scope.enter(path=self._path()):
            for layer in self._stack[len(self._made) :]:
                _check_call(layer)
                self._made.append(layer(self._made[-1] if self._made else self._source))
        self._graph = Functional(self._source, self._made[-1], name=self.name)
        self._graph.strict = not self._guessed
        naming.auto_name(Functional)  # Keras counts the graph inside, too
        self.built = True

    # ---- what a graph tells

    @property
    def layers(self) -> list[Layer]:
        """The layers, first to last."""
        return list(self._stack)

    @layers.setter
    def layers(self, _: Any) -> None:
        raise reserved("Use `add()` and `pop()` to change the layers in this model.")

    def _sublayers(self) -> list[Any]:
        return tracking.unique([*self._stack, *(x for x in tracking.held(self, "layer") if x is not self._graph)])

    def _known(self, what: str) -> Functional:
        if self._graph is None:
            raise unbuilt(self, what)
        return self._graph

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic input, in a list."""
        return self._known("inputs").inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic output, in a list."""
        return self._known("outputs").outputs

    @property
    def input(self) -> Any:
        """The symbolic input, or the list of them."""
        return self._known("input").input

    @property
    def output(self) -> Any:
        """The symbolic output."""
        return self._known("output")._function._outputs_struct

    @property
    def input_names(self) -> list[str]:
        """The name of the input."""
        return self._known("input names").input_names

    @property
    def output_names(self) -> list[str]:
        """The name of the top layer."""
        return [self._stack[-1].name] if self._stack else []

    @property
    def operations(self) -> list[Any]:
        """The input and the layers."""
        return self._known("operations").operations

    # ---- computation

    def build(self, input_shape: Any = None) -> None:
        """Make the weights for inputs of this shape, the batch axis first.

        Raises:
            ValueError: there are no layers, or the model's input is of another shape.
        """
        if self._source is not None and input_shape is not None:
            self._check_shape(input_shape)
        if not self._stack and self._source is None:
            raise ValueError(
                report(
                    f"Sequential model {self.name!r} cannot be built because it has no layers.", fix="`model.add(...)`."
                )
            )
        guessing = self._source is None and input_shape is not None
        if guessing:
            self._source, self._guessed = _inputs_of(input_shape, self.compute_dtype), True
        if self._graph is None:
            try:
                self._connect()
            except NotImplementedError:  # a layer that knows no shapes: the layers are called one after another
                if guessing:
                    self._source, self._guessed = None, False
                self._made.clear()

    def _check_shape(self, given: Any) -> None:
        own = inputs.shapes(self._source)
        if self._guessed or not isinstance(own, tuple) or not isinstance(given, list | tuple):
            return
        if len(own) != len(given) or any(None not in (a, b) and a != b for a, b in zip(own, given, strict=True)):
            raise ValueError(
                report(
                    f"Sequential model {self.name!r} has already been configured to use an input of another shape.",
                    expected=own,
                    got=tuple(given),
                    fix="build it for this shape, or declare another `Input`.",
                )
            )

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Run the layers, one after another."""
        if self._graph is not None:
            return self._graph.call(inputs, training=training, mask=mask)
        for layer in self._stack:
            inputs = layer(inputs)
        return inputs

    def structure(self) -> Any:
        """What programs depend on."""
        if type(self) is not Sequential or self._graph is None:
            raise structure.Unshared(repr(self))
        return self._graph.structure()

    def get_config(self) -> dict[str, Any]:
        if type(self).__init__ is not Sequential.__init__:
            return Layer.get_config(self)
        config = {"name": self.name, "trainable": self.trainable, "dtype": registry.serialize(self.dtype_policy)}
        source = [self._source.node.operation] if isinstance(self._source, KerasTensor) else []  # type: ignore[union-attr]
        stack = [*source, *self._stack]
        config["layers"] = [registry.serialize(layer) for layer in stack]
        if self._source is not None and not source:  # several inputs, which no layer stands for
            config["build_input_shape"] = inputs.shapes(self._source)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None):
        if cls.__init__ is not Sequential.__init__:
            return super().from_config(config)
        model = cls(trainable=config.get("trainable", True), name=config.get("name"))
        for layer in config["layers"]:
            model.add(registry.deserialize(layer, registry.LAYERS, custom_objects), rebuild=False)
        model._connect()
        shape = config.get("build_input_shape")
        if not model.built and (isinstance(shape, dict) or any(isinstance(each, list | tuple) for each in shape or ())):
            model.build(shape)
        return model


def _inputs_of(shape: Any, dtype: str) -> Any:
    """An input for a shape, or for each in a nesting of them."""
    if isinstance(shape, dict):
        return {name: _inputs_of(item, dtype) for name, item in shape.items()}
    if any(isinstance(item, list | tuple) for item in shape):
        return [_inputs_of(item, dtype) for item in shape]
    return Input(batch_shape=(None, *tuple(shape)[1:]), dtype=dtype)


def _check_call(layer: Layer) -> None:
    """Whether a layer can be called on what the one below it gives, and nothing else."""
    parameters = inputs.spec_of(type(layer).call).signature.parameters.values()
    required = [
        p.name for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    if len(required) > 1:
        raise ValueError(
            report(
                "Layers added to a Sequential model can only have a single positional argument, the input tensor.",
                got=f"{inputs.where(layer)} with call({', '.join(required)})",
                fix="use the functional API, or give the others a default.",
            )
        )


def declared_input(layer: Layer) -> Any:
    """The symbolic input that a first layer's `input_shape=` and its relatives declare; None if it declares none."""
    given = layer._given_shape
    if isinstance(layer, Functional):
        return layer.inputs[0] if len(layer.inputs) == 1 else layer.inputs
    if isinstance(layer, Sequential) and layer._source is not None:
        return tree_util.tree_map(lambda x: Input(batch_shape=x.shape, dtype=x.dtype), layer._source)
    shape = given.get("batch_shape") or given.get("batch_input_shape")
    if shape is None:
        if "input_shape" in given:
            inner = given["input_shape"]
            inner = (inner,) if isinstance(inner, int) else tuple(inner)
        elif "input_dim" in given:
            inner = (given["input_length"], given["input_dim"]) if "input_length" in given else (given["input_dim"],)
        elif "input_length" in given:
            inner = (given["input_length"],)
        else:
            return None
        shape = (given.get("batch_size"), *inner)
    return Input(batch_shape=tuple(shape), dtype=given.get("input_dtype") or layer.compute_dtype)
