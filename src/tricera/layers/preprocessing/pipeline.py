"""Several layers as one."""

from tricera.engine import registry
from tricera.engine.inputs import spec_of
from tricera.engine.registry import register
from tricera.layers.preprocessing.host import HostLayer


@register("layer")
class Pipeline(HostLayer):
    """The layers one after another, outside of models too; unlike a model it has no graph and takes any input.

    >>> Pipeline([Rescaling(1 / 255), Rescaling(2, offset=-1)])([0, 255])
    Array([-1.,  1.], dtype=float32)
    """

    def __init__(self, layers, name=None):
        super().__init__(name=name)
        self._pipeline_layers = list(layers)
        self.built = True

    @property
    def layers(self):
        """The layers, first to last."""
        return self._pipeline_layers

    def call(self, inputs, training=True, mask=None):
        given = {"training": training} if mask is None else {"training": training, "mask": mask}
        for layer in self._pipeline_layers:
            wanted = spec_of(type(layer).call).names
            inputs = layer(inputs, **{name: value for name, value in given.items() if name in wanted})
        return inputs

    def compute_output_spec(self, inputs, *args, **kwargs):
        return self.call(inputs)

    def arguments(self):
        return {**self._arguments, "layers": self._pipeline_layers}

    def get_config(self):
        return {"layers": [registry.serialize(layer) for layer in self._pipeline_layers], "name": self.name}
