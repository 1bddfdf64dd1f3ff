"""Names, custom objects, and configurations."""

import pytest

import tricera
from tricera import layers, utils
from tricera.engine import registry
from tricera.engine.configured import Configured


class Twice(layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor


def triple(x):
    return 3 * x


def test_custom_objects_hold_where_they_are_named():
    model = tricera.Sequential([tricera.Input((2,)), Twice(3.0), layers.Dense(1, activation=triple)])
    config = model.get_config()
    with pytest.raises(ValueError) as unknown:
        tricera.Sequential.from_config(config)
    assert str(unknown.value).startswith("Unknown layer: 'Twice'.\n  fix:      ")
    objects = {"Twice": Twice, "triple": triple}
    with utils.custom_object_scope(objects):
        inside = tricera.Sequential.from_config(config)
    for again in (inside, tricera.Sequential.from_config(config, custom_objects=objects)):
        assert again.layers[0].factor == 3.0 and again.layers[1].activation is triple


def test_registered_objects_are_found_by_package_and_name():
    @utils.register_keras_serializable("test", name="Mine")
    class Own(Twice):
        pass

    assert utils.get_registered_name(Own) == "test>Mine"
    assert utils.get_registered_object("test>Mine") is Own
    again = layers.deserialize(layers.serialize(Own(5.0, name="own")))
    assert type(again) is Own and (again.factor, again.name) == (5.0, "own")


class Point(Configured):
    def __init__(self, x, y=0, *, label=None):
        self.x, self.y = x, y


def test_configurations_follow_attributes_and_keep_the_rest():
    point = Point(1, label="a")
    point.y = 7
    assert point.get_config() == {"x": 1, "y": 7, "label": "a"}
    assert Point.from_config(point.get_config()).get_config() == point.get_config()


REFUSED = {
    "argument": (
        lambda: Point(1, lable="a"),
        TypeError,
        "Point: Unrecognized keyword argument passed: 'lable'.\n  fix:      did you mean 'label'?",
    ),
    "missing": (
        lambda: Point(),
        TypeError,
        "Point: missing a required argument: 'x'.\n  expected: Point(x, y=0, *, label=None)",
    ),
    "layer": (
        lambda: layers.deserialize({"class_name": "Desne", "config": {}}),
        ValueError,
        "Unknown layer: 'Desne'.\n  fix:      did you mean 'dense'?",
    ),
    "activation": (
        lambda: layers.Dense(2, activation="reluu"),
        ValueError,
        "Unknown activation: 'reluu'.\n  fix:      did you mean 'relu'?",
    ),
    "kind": (
        lambda: registry.resolve("loss", 3),
        ValueError,
        """Could not interpret loss identifier: 3.
  expected: a name, a configuration, a class or an object that is a loss
  got:      int""",
    ),
    "dtype": (
        lambda: layers.Dense(2, dtype="mixed_bfloat61"),
        ValueError,
        """Cannot convert 'mixed_bfloat61' to a mixed precision DTypePolicy.
  fix:      did you mean 'mixed_bfloat16'?""",
    ),
}


@pytest.mark.parametrize("use", REFUSED)
def test_what_is_refused(use):
    make, kind, text = REFUSED[use]
    with pytest.raises(kind) as error:
        make()
    assert str(error.value) == text
