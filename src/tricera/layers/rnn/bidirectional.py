"""A recurrent layer forwards, and another backwards."""

from typing import Any

from tricera import ops
from tricera.engine import registry
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.errors import did_you_mean
from tricera.layers.arguments import mistake

_MERGES = {
    "concat": lambda ahead, back: ops.concatenate([ahead, back], axis=-1),
    "sum": lambda ahead, back: ahead + back,
    "ave": lambda ahead, back: (ahead + back) / 2,
    "mul": lambda ahead, back: ahead * back,
}
_ALIKE = ("stateful", "return_sequences", "return_state")


@register("layer")
class Bidirectional(Layer):
    """`merge(forward_layer(x), backward_layer(x))`, both copies of `layer`; the steps of both in the order of `x`.

    Shapes: as those of `layer`, twice the features for `"concat"`; states: the forward ones, then the backward ones.

    Args:
        merge_mode: `"concat"`, `"sum"`, `"ave"` (the mean), `"mul"`, or None for both outputs.
        backward_layer: used instead of a copy; it goes the other way.

    Raises:
        ValueError: an unknown `merge_mode`; layers that do not fit each other; an odd number of initial states.

    Reference: Schuster and Paliwal, 1997, "Bidirectional recurrent neural networks".
    """

    supports_masking = True

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **kwargs):
        super().__init__(**kwargs)
        self._check(layer, merge_mode, backward_layer)
        self.merge_mode = merge_mode
        self._initial_weights = weights
        name = layer.name.removeprefix("forward_")
        self.forward_layer = _copy(layer, name=f"forward_{name}")
        mirrored = {"name": f"backward_{name}", "go_backwards": not layer.go_backwards}
        self.backward_layer = backward_layer or _copy(layer, **mirrored)
        self._check_pair()
        for name in _ALIKE:
            setattr(self, name, getattr(layer, name))
        for each in (self.forward_layer, self.backward_layer):
            each.zero_output_for_mask = each.return_sequences  # the masked steps of both directions differ
        self.input_spec, self.input_axes = layer.input_spec, getattr(layer, "input_axes", None)

    @property
    def states(self):
        """The states of both layers, None where they are not stateful."""
        if not self.forward_layer.states:
            return None
        return (*self.forward_layer.states, *self.backward_layer.states)

    def reset_state(self):
        """Start the next batch from zeros."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    def build(self, sequences_shape, initial_state_shape=None):
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)

    def call(self, sequences, initial_state=None, mask=None, training=None):
        ahead, ahead_states = self._run(self.forward_layer, sequences, self._half(initial_state, 0), mask)
        back, back_states = self._run(self.backward_layer, sequences, self._half(initial_state, 1), mask)
        if self.return_sequences:
            back = ops.flip(back, 1)
        merge = _MERGES.get(self.merge_mode)
        outputs = (ahead, back) if merge is None else (merge(ahead, back),)
        outputs = (*outputs, *ahead_states, *back_states)
        return outputs if len(outputs) > 1 else outputs[0]

    def compute_mask(self, _, mask):
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        masks = (mask if self.return_sequences else None,) * (1 if self.merge_mode else 2)
        if self.return_state:
            masks += (None,) * (len(self.forward_layer.state_size) + len(self.backward_layer.state_size))
        return masks if len(masks) > 1 else masks[0]

    def arguments(self):
        return {**super().arguments(), "layer": self.forward_layer, "backward_layer": self.backward_layer}

    # ---- steps

    def _run(self, layer: Layer, sequences: Any, initial_state: Any, mask: Any) -> tuple[Any, tuple]:
        given = {"initial_state": initial_state, "mask": mask}
        outputs = layer(sequences, **{name: value for name, value in given.items() if value is not None})
        return (outputs[0], tuple(outputs[1:])) if self.return_state else (outputs, ())

    def _half(self, initial_state: Any, which: int) -> Any:
        if initial_state is None:
            return None
        if len(initial_state) % 2:
            what = "`initial_state` must have the forward layer's states, then the backward layer's."
            raise mistake(self, what, expected="an even number of states", got=len(initial_state))
        half = len(initial_state) // 2
        return list(initial_state)[which * half : (which + 1) * half]

    def _check(self, layer: Any, merge_mode: Any, backward_layer: Any) -> None:
        for name, each in (("layer", layer), ("backward_layer", backward_layer)):
            if each is not None and not (isinstance(each, Layer) and hasattr(each, "go_backwards")):
                expected = "a layer with `go_backwards`, `return_sequences`, `return_state` and `stateful`"
                raise mistake(self, f"`{name}` must be a recurrent layer.", expected=expected, got=repr(each))
        if merge_mode is not None and merge_mode not in _MERGES:
            expected, fix = "one of 'concat', 'sum', 'ave', 'mul', None", did_you_mean(str(merge_mode), _MERGES)
            raise mistake(self, "Invalid merge mode.", expected=expected, got=repr(merge_mode), fix=fix)

    def _check_pair(self) -> None:
        ahead, back = self.forward_layer, self.backward_layer
        if ahead.go_backwards == back.go_backwards:
            what = "Forward layer and backward layer should have different `go_backwards` value."
            raise mistake(self, what, got=f"go_backwards={ahead.go_backwards} in both")
        for name in _ALIKE:
            ours, theirs = getattr(ahead, name), getattr(back, name)
            if ours != theirs:
                what = "Forward layer and backward layer are expected to have the same value for attribute"
                got = f"{ours} for the forward layer, {theirs} for the backward layer"
                raise mistake(self, f"{what} {name!r}.", got=got)


def _copy(layer: Layer, **changes: Any) -> Layer:
    """A layer of the same configuration but for `changes`; classes and functions that nobody registered are known."""
    names: dict[str, Any] = {}
    for each in layer._flatten_layers():
        for thing in (type(each), *each.arguments().values()):
            kind = type(thing) if hasattr(thing, "get_config") and not isinstance(thing, type) else thing
            if callable(kind) and hasattr(kind, "__name__"):
                names[registry.get_registered_name(kind)] = kind
    with registry.custom_object_scope(names):
        twin = type(layer).from_config({**layer.get_config(), **changes})
    if hasattr(layer, "use_cudnn"):  # which no configuration has
        twin.use_cudnn = layer.use_cudnn
    return twin
