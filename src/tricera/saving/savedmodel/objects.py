"""The objects of a checkpoint, which know each other by names: the layers of a model in them, and their weights."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tricera.errors import SafetyError, report
from tricera.saving.h5data import Damaged
from tricera.saving.savedmodel.wire import FIELDS, Message

_VALUE, _TABLE = "VARIABLE_VALUE", "table"
_MODELS = ("_tf_keras_model", "_tf_keras_network", "_tf_keras_sequential")
_METRIC = "_tf_keras_metric"
_BESIDE = {"keras_api", "optimizer", "regularization_losses", "signatures", "trainable_variables", "_random_generator"}
_NEVER_TRAINED = {"moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev"}
_NEVER_TRAINED |= {"mean", "variance", "count"}


class Note(NamedTuple):
    """What Keras noted of an object."""

    kind: str
    name: str
    trainable: bool


class Stored(NamedTuple):
    """A variable: its name and the key of its array, which is empty where there is none."""

    name: str
    key: str


class Objects:
    """The objects of a checkpoint by their numbers; the first is the model.

    Args:
        data: the message that describes them.
        notes: what Keras noted of some, by their paths from the root.
    """

    def __init__(self, data: memoryview, notes: Mapping[str, Note]):
        self._nodes = list(Message(data).messages(1))
        self._children: dict[int, dict[str, int]] = {}
        self._visits = FIELDS
        self._notes = {self._at(path): note for path, note in notes.items()}

    def layers(self, number: int = 0, seen: set[int] | None = None) -> Iterator[tuple[str, int]]:
        """The names and numbers of the layers, those of models inside in their places.

        Raises:
            Damaged: a model has weights of its own.
        """
        seen = set() if seen is None else seen
        for name, each in self._known(number).items():
            note = self._notes.get(each)
            if name in (*_BESIDE, "variables") or each in seen or (note and note.kind == _METRIC):
                continue
            seen.add(each)
            if note and note.kind not in _MODELS:
                yield note.name, each
            elif found := self._stored(each):
                raise Damaged(f"the weight {found.name!r} is not in a layer")
            else:
                yield from self.layers(each, seen)

    def weights(self, layer: int) -> list[Stored]:
        """The weights of a layer in Keras 2's order: those that were trained, then the others.

        Raises:
            Damaged: it learned a vocabulary, which would be lost.
        """
        found = list(self._inside(layer, True, set()))
        return [stored for wanted in (True, False) for trained, stored in found if trained is wanted]

    def optimizer(self, weights: Mapping[str, int]) -> list[Stored]:
        """The arrays of the optimizer: the number of steps, then for each kind those of all weights in order.

        Args:
            weights: the places of the model's weights by the keys of their arrays.
        """
        number = self._known(0).get("optimizer")
        if number is None:
            return []
        known = self._known(number)
        if "_variables" in known:  # since tf.keras 2.11
            return [self._required(each) for each in self._known(known["_variables"]).values()]
        slots = [(slot.text(2), slot.number(1), slot.number(3)) for slot in self._node(number).messages(3)]
        kinds = list(dict.fromkeys(kind for kind, _, _ in slots))
        slots.sort(key=lambda slot: (kinds.index(slot[0]), weights.get(self._required(slot[1]).key, len(weights))))
        if "iter" not in known and not slots and not any(name.endswith("optimizer") for name in known):
            return []  # it made no step
        steps = self._required(known["iter"]) if "iter" in known else Stored("iter", "")
        return [steps, *(self._required(each) for _, _, each in slots)]

    def _inside(self, number: int, trained: bool, seen: set[int]) -> Iterator[tuple[bool, Stored]]:
        """The variables that an object knows, itself or by others, each with whether it was trained."""
        note = self._notes.get(number)
        trained = trained and (note is None or note.trainable)
        for name, each in self._known(number).items():
            if name in _BESIDE or each in seen:
                continue
            seen.add(each)
            if any(attribute.text(1) == _TABLE for attribute in self._node(each).messages(2)):
                raise Damaged(
                    "a vocabulary that was learned by `adapt` stands in TensorFlow's program; before saving, "
                    "make the layer with `vocabulary=layer.get_vocabulary()`"
                )
            if found := self._stored(each):
                yield trained and name not in _NEVER_TRAINED, found
            else:
                yield from self._inside(each, trained, seen)

    def _at(self, path: str) -> int:
        """The object at a path from the root; -1 where there is none."""
        number = 0
        for name in path.split(".")[1:]:
            number = self._known(number).get(name, -1) if number >= 0 else -1
        return number

    def _known(self, number: int) -> dict[str, int]:
        self._visits -= 1
        if self._visits < 0:
            raise SafetyError(report("The objects of a checkpoint lead to each other too often: it is not read."))
        if number not in self._children:
            self._children[number] = {child.text(2): child.number(1) for child in self._node(number).messages(1)}
        return self._children[number]

    def _node(self, number: int) -> Message:
        if number >= len(self._nodes):
            raise Damaged("an object that others know is missing")
        return self._nodes[number]

    def _stored(self, number: int) -> Stored | None:
        for attribute in self._node(number).messages(2):
            if attribute.text(1) == _VALUE:
                return Stored(attribute.text(2), attribute.text(3))
        return None

    def _required(self, number: int) -> Stored:
        return self._stored(number) or Stored("nameless", "")
