"""Nestings against Keras' own functions."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest

from tricera import tree

Pair = namedtuple("Pair", "u v")
NEST = {"b": [1, (2, None)], "a": 3}
DEEP = [[1], [2, [3]]]
CASES = [
    *[("flatten", (x,)) for x in (NEST, None, [], {}, OrderedDict(b=1, a=2), defaultdict(int, b=1, a=2), deque([1]))],
    *[("flatten_with_path", (x,)) for x in (NEST, 3, (1, [2]), Pair(1, [2]))],
    *[("is_nested", (x,)) for x in (NEST, "ab", Pair(1, 2), (), None)],
    ("lists_to_tuples", (NEST,)),
    ("map_structure", (lambda x: (x,), NEST)),
    ("map_structure", (lambda x, y: (x, y), [1, (2, 3)], [4, (5, 6)])),
    ("map_structure", (str, Pair(1, [2]))),
    ("map_structure", (str, OrderedDict(b=1, a=2))),
    ("map_structure_up_to", ([1, 2], lambda x: x, [[3, 4], 5])),
    ("pack_sequence_as", (NEST, [10, 20, 30, 40])),
    ("map_shape_structure", (list, {"a": (2, None), "b": [(1,), (3, 4)]})),
    ("map_shape_structure", (lambda x: None if x == "hi" else x, {"a": [2, None], "b": (1,), "c": "hi"})),
    ("pack_sequence_as", ([1, (2, 3)], deque([10, 20, 30]))),
    ("traverse", (lambda x: x + 1 if isinstance(x, int) else None, NEST)),
    ("traverse", (lambda x: tuple(x) if isinstance(x, list) else None, DEEP)),
    ("traverse", (lambda x: tuple(x) if isinstance(x, list) else None, DEEP, False)),
    *[(f"assert_same_{what}", pair) for what in ("structure", "paths") for pair in ((DEEP, DEEP), ([1, 2], (3, 4)))],
    ("assert_same_structure", ({"a": 1}, {"b": 1})),
    ("assert_same_paths", ({"a": 1}, {"b": 1})),
    ("map_structure", (str, [1])),
    ("map_structure", (str,)),
    ("map_structure", (3, [1])),
    ("map_structure", (str, [1], [1, 2])),
    ("map_structure", (str, [1], [[1]])),
    ("map_structure_up_to", ([1, 2], str, [3])),
    ("pack_sequence_as", (NEST, [10])),
    ("pack_sequence_as", (NEST, 3)),
]


def outcome(module, name, arguments):
    try:
        return getattr(module, name)(*arguments)
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("name, arguments", CASES, ids=lambda part: part if isinstance(part, str) else "")
def test_what_keras_gives(keras, name, arguments):
    ours, theirs = outcome(tree, name, arguments), outcome(keras.tree, name, arguments)
    assert ours == theirs
    assert type(ours) is type(theirs)
    assert list(ours) == list(theirs) if isinstance(ours, dict) else True


def test_none_can_be_put_and_be_left():
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 3 else None, NEST) == {**NEST, "a": None}
    assert tree.map_structure(lambda x: x + 1, [1, None], none_is_leaf=False) == [2, None]


MESSAGES = {
    "map_structure": ((str, {"a": [1]}, {"a": (1,)}), """\
The structures don't have the same nested structure at ('a',).
  expected: an instance of list
  got:      (1,)"""),
    "assert_same_structure": (([1, 2], [3]), """\
Arity mismatch.
  expected: 2 elements
  got:      1 elements"""),
    "assert_same_paths": (({"a": 1}, {"b": 1}), """\
`a` and `b` don't have the same paths.
  expected: also ["('a',)"]
  got:      also ["('b',)"]"""),
    "pack_sequence_as": (([1, 2], [3]), "`flat_sequence` has 1 leaves, the structure 2."),
    "map_structure_up_to": (([1], str), "Must provide at least one structure."),
    "traverse": ((3, [1]), """\
`func` must be callable.
  got:      3"""),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    arguments, text = MESSAGES[name]
    with pytest.raises((ValueError, TypeError)) as error:
        getattr(tree, name)(*arguments)
    assert str(error.value) == text
