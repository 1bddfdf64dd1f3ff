"""FeatureSpace: tables of columns as the vectors of Keras, in programs, and from a configuration."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tricera import layers, models, utils
from tricera.utils import FeatureSpace

TABLE = {
    "age": np.array([20.0, 30.0, 45.0, 61.0], "float32"),
    "height": np.array([1.6, 1.7, 1.8, 2.0], "float32"),
    "colour": np.array(["red", "blue", "red", "green"]),
    "rooms": np.array([3, 1, 3, 2]),
    "street": np.array(["a", "b", "a", "c"]),
    "level": np.array([0.1, 0.4, 0.6, 0.9], "float32"),
}


def space(namespace, **options):
    kind = namespace.FeatureSpace
    features = {
        "age": "float_normalized",
        "height": kind.float_rescaled(scale=0.5, name="height"),
        "colour": "string_categorical",
        "rooms": kind.integer_categorical(num_oov_indices=2, name="rooms"),
        "street": kind.string_hashed(4, name="street"),
        "level": kind.float_discretized(3, name="level"),
    }
    found = kind(features, crosses=[("colour", "rooms")], crossing_dim=8, **options)
    found.adapt(TABLE)
    return found


def test_vectors_are_those_of_keras(keras):
    pytest.importorskip("tensorflow")
    assert_allclose(space(utils)(TABLE), space(keras.utils)(TABLE), rtol=1e-5, atol=1e-6)


def test_one_row_and_a_dict_of_vectors():
    whole, parts = space(utils), space(utils, output_mode="dict")
    row = {name: column[1] for name, column in TABLE.items()}
    assert_allclose(whole(row), whole(TABLE)[1], rtol=1e-6)
    found = parts(TABLE)
    names = [*sorted(TABLE), "colour_X_rooms"]
    assert_allclose(np.concatenate([found[name] for name in names], -1), whole(TABLE), rtol=1e-6)


def test_a_model_of_numbers_begins_with_raw_columns():
    numbers = FeatureSpace({"age": "float_normalized", "rooms": "integer_categorical"})
    table = {name: TABLE[name] for name in ("age", "rooms")}
    numbers.adapt([table])
    model = models.Model(numbers.get_inputs(), layers.Dense(1)(numbers.get_encoded_features()))
    features = numbers(table)
    given = {name: column[:, None] for name, column in table.items()}
    assert_allclose(model.predict(given, verbose=0), model.layers[-1](features), rtol=1e-5, atol=1e-6)


def test_a_configuration_makes_the_same():
    made = FeatureSpace.from_config(space(utils).get_config())
    made.adapt(TABLE)
    assert_array_equal(made(TABLE), space(utils)(TABLE))


def test_what_makes_no_sense():
    for call, message in (
        (lambda: FeatureSpace({}, name="f"),
         'FeatureSpace layer "f": The `features` argument cannot be None or empty.'),
        (lambda: FeatureSpace({"a": "flaot"}, name="f"), "did you mean 'float'?"),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")], name="f"),
         ('FeatureSpace layer "f": All features referenced in the `crosses` argument should be present in the '
         "`features` dict.\n  expected: a\n  got:      ['b']")),
        (lambda: FeatureSpace({"a": "float_normalized"}, name="f")({"a": [1.0]}),
         ('FeatureSpace layer "f": You need to call `.adapt(dataset)` on the FeatureSpace before you can start using '
         "it.\n  got:      no data yet for a")),
    ):  # fmt: skip
        with pytest.raises(ValueError) as error:
            call()
        assert message in str(error.value)
