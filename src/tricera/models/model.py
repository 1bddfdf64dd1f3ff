"""Model: a layer that can be trained, saved and summarized."""

import functools
from typing import Any

from tricera import export, saving
from tricera.engine import inputs, registry
from tricera.engine.graph import KerasTensor
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.errors import did_you_mean, report
from tricera.models import summary
from tricera.saving import compiling
from tricera.saving.containers import orbax, state
from tricera.saving.model import to_json
from tricera.train.trainer import Trainer
from tricera.transform.quantize.model import quantize_model

# What other libraries call the methods of a model.
_ELSEWHERE = {"train": "fit", "learn": "fit", "test": "evaluate", "score": "evaluate", "transform": "predict"}


@registry.register("model")
class Model(Trainer, Layer):
    """A layer that can be trained: from symbolic `inputs` to `outputs`, or a subclass with a `call` of its own.

    Args:
        inputs: a KerasTensor, or a list or dict of them.
        outputs: what the graph computes from them.

    `Model(inputs, outputs)` makes a `Functional`.
    """

    noun = "model"

    def __new__(cls, *args: Any, **kwargs: Any):
        if cls is Model and _is_graph(args, kwargs):
            cls = registry.find("model", "Functional")
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any):
        if _is_graph(args, kwargs):  # a subclass that is a graph: `super().__init__(inputs, outputs)`
            self.__class__ = _graph_class(type(self))
            registry.find("model", "Functional").__init__(self, *args, **kwargs)
            return
        super().__init__(*args, **kwargs)

    def __getattr__(self, attribute: str) -> Any:
        if (fix := _ELSEWHERE.get(attribute)) is not None:
            raise AttributeError(
                report(f"{type(self).__name__!r} object has no attribute {attribute!r}.", fix=f"did you mean {fix!r}?")
            )
        return super().__getattr__(attribute)

    def quantize(self, mode=None, config=None, filters=None, **kwargs):
        """Make the weights of every Dense, EinsumDense, Embedding and ReversibleEmbedding layer numbers of few bits.

        Args:
            mode: `"int8"`, `"int4"`, `"float8"`, or what `config` says.
            filters: which layers: a function of one that says whether, or a pattern of names, or a list of patterns.
            kwargs: `type_check=False` takes the user's subclasses of these layers too.
        """
        quantize_model(self, mode, config, filters, **kwargs)

    def get_quantization_layer_structure(self, mode=None):
        """Which layers come first, and which blocks follow, that GPTQ and AWQ quantize: a subclass may say.

        Returns:
            a dict of `"pre_block_layers"` and `"sequential_blocks"`; None, which is nothing that they could use.
        """

    @property
    def layers(self) -> list[Layer]:
        """The layers held directly."""
        return [
            layer for layer in self._flatten_layers(include_self=False, recursive=False) if isinstance(layer, Layer)
        ]

    @layers.setter
    def layers(self, _: Any) -> None:
        raise reserved()

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name, or at this place.

        Raises:
            ValueError: there is none (the nearest name is suggested), or both are given.
        """
        if name is None and index is None:
            raise ValueError(report("Provide either a layer name or layer index at `get_layer`."))
        if name is not None and index is not None:
            raise ValueError(report("Provide only a layer name or a layer index.", got=f"index={index}, name={name!r}"))
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    report(f"Was asked to retrieve layer at index {index} but model only has {len(layers)} layers.")
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(
            report(f"No such layer: {name}.", expected=f"one of {', '.join(names)}", fix=did_you_mean(str(name), names))
        )

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Any = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers, the shapes of their outputs and their numbers of weights."""
        summary.print_summary(
            self,
            line_length=line_length,
            positions=positions,
            print_fn=print_fn,
            expand_nested=expand_nested,
            show_trainable=show_trainable,
            layer_range=layer_range,
        )

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What the model computes."""
        raise NotImplementedError(
            report(
                f"Model {type(self).__name__} does not have a `call()` method implemented.",
                fix="define `call(self, inputs)` in it, or make it with `Model(inputs, outputs)`.",
            )
        )

    # ---- state

    def get_state_tree(self, value_format: str = "backend_tensor") -> dict[str, Any]:
        """All values by group and path of their variables: `{"trainable_variables": {"dense": {"kernel": ...}}, ...}`.

        Args:
            value_format: `"backend_tensor"` or `"numpy_array"`.
        """
        return state.tree(self, value_format)

    def set_state_tree(self, state_tree: dict[str, Any]) -> None:
        """Assign the values of a tree as `get_state_tree` gives it, or of a part of one."""
        state.assign(self, state_tree)

    def _checkpointables(self, weights_only: bool) -> dict[str, Any]:
        """What `OrbaxCheckpoint` saves."""
        return orbax.checkpointables(self, None if weights_only else to_json(self))

    # ---- files

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write the model, with its weights and how it was compiled, to a `.keras` file."""
        saving.save_model(self, filepath, overwrite, zipped, **kwargs)

    def save_weights(
        self, filepath: Any, overwrite: bool = True, max_shard_size: float | None = None, **kwargs: Any
    ) -> None:
        """Write the weights to a `.weights.h5` file."""
        saving.save_weights(self, filepath, overwrite, max_shard_size, **kwargs)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights from a `.weights.h5`, `.keras` or HDF5 file; `by_name=True` takes those of equal names."""
        saving.load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self, filepath: Any, format: str | None = None, verbose: Any = None, input_signature: Any = None, **kwargs: Any
    ) -> None:
        """Write what the model computes, for programs other than Keras: `"stablehlo"` or `"onnx"`."""
        export.export_model(self, filepath, format, verbose, input_signature, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """The configuration, without weights, as JSON; `kwargs` are those of `json.dumps`."""
        return to_json(self, **kwargs)

    def get_compile_config(self) -> dict[str, Any]:
        """How the model was compiled, as plain data."""
        return compiling.compile_config(self)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as `get_compile_config` says."""
        compiling.compile_from_config(self, config)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None):
        """The model of a configuration: of a graph, or of a subclass' arguments."""
        with registry.custom_object_scope(custom_objects or {}):
            if "input_layers" in config and "layers" in config:
                return registry.find("model", "Functional").from_config.__func__(cls, config)
            return super().from_config(config)

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of this shape: the call is traced."""
        self.built = True
        self.compute_output_spec(_symbolic(input_shape))

    def _build_once(self, arguments: dict[str, Any]) -> None:
        if self.built or type(self).build is not Model.build:
            super()._build_once(arguments)
        else:  # the call itself builds the layers
            self._build_config = {"input_shape": inputs.shapes(next(iter(arguments.values()), None))}
            self.built = True

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build for the shapes that `get_build_config` gave."""
        shape = (config or {}).get("input_shape")
        if shape is not None and not self.built:
            self.build(shape)


def _symbolic(shape: Any) -> Any:
    if isinstance(shape, dict):
        return {name: _symbolic(item) for name, item in shape.items()}
    if all(size is None or isinstance(size, int) for size in shape):
        return KerasTensor((None, *shape[1:]))
    return [_symbolic(item) for item in shape]


def _is_graph(args: tuple, kwargs: dict) -> bool:
    return len(args) >= 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)


@functools.cache
def _graph_class(cls: type) -> type:
    """A subclass of Model with the abilities of Functional, below its own methods."""
    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "_written_as": cls}
    return type(cls.__name__, (cls, registry.find("model", "Functional")), names)


def unbuilt(model: Model, what: str) -> AttributeError:
    """The error for asking an unbuilt model for something."""
    return AttributeError(
        report(
            f"{where(model)} has not been built yet, so it has no {what}.",
            fix="give its first layer an `Input` or `input_shape=`, call it on data, or `model.build(input_shape)`.",
        )
    )


def reserved(fix: str = "use another name.") -> AttributeError:
    """The error for setting `layers`."""
    return AttributeError(report("`Model.layers` attribute is reserved and should not be used.", fix=fix))
