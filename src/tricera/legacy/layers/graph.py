"""`Graph` of Keras before 1.0, which Keras 1 kept in `keras.legacy.models`: inputs, nodes and outputs by name."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.errors import did_you_mean, report
from tricera.layers import Activation, Input
from tricera.legacy.layers.merge import merge
from tricera.models import Model


class Graph:
    """A model that is told by names: `add_input`, `add_node`, `add_output`; trained on dicts of arrays by name.

    The methods that are not written here are those of the `model` that it makes.
    """

    def __init__(self, name: str | None = None):
        self.name = name
        self.nodes: dict[str, Any] = {}  # layers by name
        self._tensors: dict[str, Any] = {}
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        self._model: Model | None = None

    @property
    def input_order(self) -> list[str]:
        """The names of the inputs."""
        return list(self.inputs)

    @property
    def output_order(self) -> list[str]:
        """The names of the outputs."""
        return list(self.outputs)

    # ---- told

    def add_input(self, name, input_shape=None, batch_input_shape=None, dtype="float32"):
        """Name an input; its shape without, or with, the samples."""
        self._new(name)
        dtype = {"float": "float32", "int": "int32"}.get(dtype, dtype)
        shape = {"batch_shape": batch_input_shape} if batch_input_shape else {"shape": tuple(input_shape)}
        self.inputs[name] = self._tensors[name] = Input(name=name, dtype=dtype, **shape)

    def add_node(
        self,
        layer,
        name,
        input=None,
        inputs=(),
        merge_mode="concat",
        concat_axis=-1,
        dot_axes=-1,
        create_output=False,
    ):
        """Apply a layer to the output of a named node, or to those of several, joined by `merge_mode`."""
        self._new(name)
        self.nodes[name] = layer
        self._tensors[name] = layer(self._joined(input, inputs, merge_mode, concat_axis, dot_axes))
        if create_output:
            self.add_output(name, input=name)

    def add_shared_node(
        self, layer, name, inputs=(), merge_mode=None, concat_axis=-1, dot_axes=-1, outputs=(), create_output=False
    ):
        """Apply one layer to each of several nodes; name what it gives for each, or the join of all."""
        self._new(name)
        self.nodes[name] = layer
        made = [layer(self._found(each)) for each in inputs]
        if merge_mode:
            self._tensors[name] = merge(made, mode=merge_mode, concat_axis=concat_axis, dot_axes=dot_axes)
        for each, tensor in zip(outputs, made, strict=False):
            self._tensors[each] = tensor
        if create_output:
            for each in [name] if merge_mode else outputs:
                self.add_output(each, input=each)

    def add_output(self, name, input=None, inputs=(), merge_mode="concat", concat_axis=-1, dot_axes=-1):
        """Name an output: that of a node, or of several, joined."""
        if name in self.outputs:
            raise ValueError(report(f"Graph: there is an output {name!r} already."))
        tensor = self._joined(input, inputs, merge_mode, concat_axis, dot_axes)
        self.outputs[name] = tensor
        self.outputs[name] = Activation("linear", name=self._end(name))(tensor)
        self._model = None

    def _new(self, name: str) -> None:
        if name in self._tensors:
            raise ValueError(report(f"Graph: there is a node {name!r} already."))
        self._model = None

    def _found(self, name: str) -> Any:
        if name not in self._tensors:
            raise ValueError(report(f"Graph: there is no node {name!r}.", fix=did_you_mean(name, self._tensors)))
        return self._tensors[name]

    def _joined(self, one: str | None, several: Sequence[str], mode: str, concat_axis: int, dot_axes: Any) -> Any:
        names = [one] if one else list(several)
        tensors = [self._found(name) for name in names]
        return tensors[0] if len(tensors) == 1 else merge(tensors, mode, concat_axis, dot_axes)

    # ---- asked

    @property
    def model(self) -> Model:
        """The model of the graph."""
        if self._model is None:
            self._model = Model(list(self.inputs.values()), list(self.outputs.values()), name=self.name)
        return self._model

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.model, name)

    def compile(self, optimizer, loss, metrics=(), sample_weight_modes=None, loss_weights=None, **kwargs):
        """Say how the model learns; `loss` and `loss_weights` are dicts by outputs."""
        loss, weights = self._by_layer(loss), self._by_layer(loss_weights)
        self.model.compile(optimizer, loss=loss, metrics=list(metrics) or None, loss_weights=weights or None)

    def _by_layer(self, given: Any) -> Any:
        """What was given for outputs by the names of the layers that make them, which may not be those of inputs."""
        return {self._end(name): value for name, value in given.items()} if isinstance(given, dict) else given

    def _end(self, name: str) -> str:
        return f"{name}_output" if name in self.inputs and name in self.outputs else name

    def fit(self, data, batch_size=32, nb_epoch=10, verbose=1, validation_data=None, class_weight=None, **kwargs):
        """Train on a dict of the arrays of inputs and outputs; the history is returned."""
        validation_data = None if validation_data is None else self._parted(validation_data)
        kwargs["epochs"] = kwargs.pop("epochs", nb_epoch)
        kwargs = {**kwargs, "sample_weight": kwargs.get("sample_weight") or None, "class_weight": class_weight or None}
        x, y = self._parted(data)
        return self.model.fit(x, y, batch_size, verbose=verbose, validation_data=validation_data, **kwargs)

    def evaluate(self, data, batch_size=128, verbose=0, sample_weight=None):
        """The loss, and the metrics, of a dict of arrays."""
        x, y = self._parted(data)
        return self.model.evaluate(x, y, batch_size, verbose=verbose, sample_weight=sample_weight or None)

    def predict(self, data, batch_size=128, verbose=0):
        """The outputs by name."""
        return self._named(self.model.predict(self._inputs(data), batch_size, verbose=verbose))

    def predict_on_batch(self, data):
        """The outputs by name."""
        return self._named(self.model.predict_on_batch(self._inputs(data)))

    def train_on_batch(self, data, class_weight=None, sample_weight=None):
        """One step on a dict of arrays: the loss."""
        x, y = self._parted(data)
        return self.model.train_on_batch(x, y, sample_weight=sample_weight or None, class_weight=class_weight or None)

    def test_on_batch(self, data, sample_weight=None):
        """The loss of a dict of arrays."""
        x, y = self._parted(data)
        return self.model.test_on_batch(x, y, sample_weight=sample_weight or None)

    def fit_generator(self, generator, samples_per_epoch, nb_epoch, validation_data=None, **kwargs):
        """Train on a generator of dicts."""
        if validation_data is not None:
            several = hasattr(validation_data, "__next__")
            kwargs["validation_data"] = map(self._parted, validation_data) if several else self._parted(validation_data)
        batches = map(self._parted, generator)
        return self.model.fit_generator(batches, samples_per_epoch=samples_per_epoch, epochs=nb_epoch, **kwargs)  # type: ignore[attr-defined]

    def _parted(self, data: Any) -> tuple[list[Any], list[Any]]:
        data = data[0] if isinstance(data, tuple) else data
        return self._inputs(data), [np.asarray(self._array(data, name)) for name in self.outputs]

    def _inputs(self, data: dict[str, Any]) -> list[Any]:
        return [np.asarray(self._array(data, name)) for name in self.inputs]

    def _array(self, data: dict[str, Any], name: str) -> Any:
        if name not in data:
            raise ValueError(report(f"Graph: the data have no array {name!r}.", got=", ".join(data)))
        return data[name]

    def _named(self, found: Any) -> dict[str, np.ndarray]:
        return dict(zip(self.outputs, found if isinstance(found, list) else [found], strict=True))
