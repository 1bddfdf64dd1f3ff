"""Operations of one's own, which stand in graphs as layers without weights do."""

from typing import Any

from tricera.engine import graph, naming
from tricera.engine.configured import Configured, parameters
from tricera.errors import abstract, report


class Operation(graph.Operation, Configured):
    """Base of operations: a subclass computes in `call`, and of symbolic tensors records a use in a graph.

    Files hold those whose class is registered, by `keras.saving.register_keras_serializable()`.
    """

    def __init__(self, name=None):
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(report("`name` must be a string and cannot contain character `/`.", got=repr(name)))
        super().__init__(self.call, name or naming.auto_name(type(self)))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if graph.any_symbolic(args, kwargs):
            return graph.record(self, args, kwargs, self.compute_output_spec(*args, **kwargs))
        return super().__call__(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """What it computes of arrays."""
        raise abstract(self, "call")

    @property
    def input(self) -> Any:
        """The symbolic inputs of the first use."""
        tensors = self._inbound_nodes[0].input_tensors
        return tensors[0] if len(tensors) == 1 else tensors

    @property
    def output(self) -> Any:
        """The symbolic outputs of the first use."""
        tensors = self._inbound_nodes[0].output_tensors
        return tensors[0] if len(tensors) == 1 else tensors

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments in plain form, and the name where it takes one."""
        taken = parameters(type(self).__init__)
        has_name = "name" in taken or any(each.kind is each.VAR_KEYWORD for each in taken.values())
        return {**super().get_config(), **({"name": self.name} if has_name else {})}

    def _configured(self) -> dict[str, Any]:
        return {name: value for name, value in super()._configured().items() if name != "function"}  # that is `call`

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The symbolic outputs for symbolic inputs, found by tracing."""
        return graph.infer(self, args, kwargs)
