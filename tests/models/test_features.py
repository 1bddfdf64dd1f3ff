"""FeatureSpace: tables of columns as the vectors of Keras, in programs, and from a configuration."""

import json
import warnings
import zipfile

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tricera import layers, models, saving, utils
from tricera.utils import FeatureSpace

TABLE = {
    "age": np.array([20.0, 30.0, 45.0, 61.0], "float32"),
    "height": np.array([1.6, 1.7, 1.8, 2.0], "float32"),
    "colour": np.array(["red", "blue", "red", "green"]),
    "rooms": np.array([3, 1, 3, 2]),
    "street": np.array(["a", "b", "a", "c"]),
    "level": np.array([0.1, 0.4, 0.6, 0.9], "float32"),
}
KERAS = "keras.src.layers.preprocessing.feature_space"


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


def assert_same(found, wanted):
    assert type(found) is type(wanted)
    pairs = [(found[name], wanted[name]) for name in wanted] if isinstance(wanted, dict) else [(found, wanted)]
    for own, other in pairs:
        assert_allclose(own, other, rtol=1e-5, atol=1e-6)


def own_layers(namespace, **options):
    """Columns that layers of the user's make ready: with weights, a vocabulary, statistics that are given."""
    kind, of = namespace.FeatureSpace, layers
    inner = models.Sequential([of.Rescaling(2.0), of.Dense(2)])
    features = {
        "words": kind.feature("string", of.TextVectorization(output_mode="tf_idf"), "float"),
        "age": kind.feature("float32", inner, "float"),
        "height": kind.feature("float32", of.Normalization(mean=[1.5], variance=[2.0]), "float"),
        "rooms": kind.feature("int32", of.IntegerLookup(vocabulary=[1, 2, 3]), "one_hot"),
        "level": kind.float_discretized(None, bin_boundaries=[0.2, 0.5], name="level"),
        "plain": "float",
        "number": kind.integer_hashed(5, output_mode="int", name="number"),
    }
    found = kind(features, **options)
    found.adapt(OWN)
    return found


OWN = {name: TABLE[name] for name in ("age", "height", "rooms", "level")}
OWN |= {"words": np.array(["a b", "b", "c c", "a"]), "plain": TABLE["age"], "number": TABLE["rooms"]}


@pytest.mark.parametrize("mode", ["concat", "dict"])
def test_a_file_holds_all_that_was_learnt(tmp_path, mode):
    path = tmp_path / "space.keras"
    for made, table in ((space(utils, output_mode=mode), TABLE), (own_layers(utils, output_mode="dict"), OWN)):
        wanted = made(table)
        made.save(path)
        loaded = models.load_model(path)
        assert type(loaded) is FeatureSpace
        loaded.save(path)  # before anything was asked of it
        assert_same(loaded(table), wanted)
        assert_same(models.load_model(path)(table), wanted)
        saving.save_model(made, tmp_path / f"{made.name}_folder", zipped=False)
        assert_same(models.load_model(tmp_path / f"{made.name}_folder")(table), wanted)


def test_a_model_begins_with_a_space_from_a_file(tmp_path):
    numbers = FeatureSpace({"age": "float_normalized", "rooms": "integer_categorical"}, crosses=[])
    table = {name: TABLE[name] for name in ("age", "rooms")}
    numbers.adapt(table)
    numbers.save(tmp_path / "space.keras")
    loaded = models.load_model(tmp_path / "space.keras")
    model = models.Model(loaded.get_inputs(), loaded.get_encoded_features())
    given = {name: column[:, None] for name, column in table.items()}
    assert_allclose(model.predict(given, verbose=0), numbers(table), rtol=1e-5, atol=1e-6)


def test_a_file_of_a_space_that_saw_no_data(tmp_path):
    path = tmp_path / "space.keras"
    fresh = FeatureSpace({"age": "float_normalized", "colour": "string_categorical", "level": "float_discretized"})
    text = FeatureSpace.feature("string", layers.TextVectorization(output_mode="tf_idf"), "float")
    for made in (fresh, FeatureSpace({"words": text}, name="words")):
        made.save(path)
        loaded = models.load_model(path)
        with pytest.raises(ValueError, match=r"You need to call `.adapt.dataset.`"):
            loaded(OWN)
        table = {name: {**TABLE, **OWN}[name] for name in made.features}
        made.adapt(table)
        loaded.adapt(table)
        assert_same(loaded(table), made(table))
    plain = FeatureSpace({"age": "float"})
    plain.save(path)
    assert_array_equal(models.load_model(path)({"age": [1.0, 2.0]}), [[1.0], [2.0]])


def test_files_are_those_of_keras(tmp_path):
    """The places that a file names, and where its arrays and vocabularies stand."""
    space(utils).save(tmp_path / "space.keras")
    with zipfile.ZipFile(tmp_path / "space.keras") as file:
        form = json.loads(file.read("config.json"))
        assert [name for name in file.namelist() if name.startswith("assets")] == [
            "assets/preprocessors/integer_lookup/vocabulary.txt",
            "assets/preprocessors/string_lookup/vocabulary.txt",
        ]
    assert form["module"] == "keras.utils"
    parts = [*form["config"]["features"].values(), *form["config"]["crosses"]]
    assert {part["module"] for part in parts} == {KERAS}
    assert form["build_config"]["age"] == {"input_shape": [None, 1]}


def numbers_of_keras(namespace):
    """Without TensorFlow real Keras has no text and no hashes, but all of its files."""
    kind = namespace.utils.FeatureSpace
    given = namespace.layers.Normalization(mean=[1.0], variance=[4.0])
    features = {
        "age": "float_normalized",
        "height": kind.float_rescaled(scale=0.5, name="height"),
        "plain": "float",
        "given": kind.feature("float32", given, "float"),
    }
    made = kind(features, output_mode="dict", hashing_dim=7)
    made.preprocessors["age"].adapt(TABLE["age"][:, None])
    return made


def test_files_go_to_keras_and_back(tmp_path, keras):
    path = tmp_path / "space.keras"
    theirs = numbers_of_keras(keras)
    with warnings.catch_warnings(action="ignore"):  # that it is not built, as `adapt` needs TensorFlow
        theirs.save(path)
    loaded = models.load_model(path)
    assert list(loaded.preprocessors) == ["age", "height", "plain", "given"]
    assert (loaded.output_mode, loaded.hashing_dim) == ("dict", 7)
    for name in loaded.preprocessors:
        column = TABLE["age"][:, None]
        assert_allclose(loaded.preprocessors[name](column), theirs.preprocessors[name](column), rtol=1e-6)
    loaded.save(path)
    again = keras.saving.load_model(path)
    assert type(again) is keras.utils.FeatureSpace
    for name, layer in theirs.preprocessors.items():
        assert type(again.preprocessors[name]) is type(layer)
        assert again.preprocessors[name].get_config() == layer.get_config()
    assert_allclose(again.preprocessors["age"].mean, [[39.0]])


@pytest.mark.parametrize("mode", ["concat", "dict"])
def test_vectors_are_those_of_keras_through_files(tmp_path, keras, mode):
    pytest.importorskip("tensorflow")
    path, theirs = tmp_path / "space.keras", space(keras.utils, output_mode=mode)
    wanted = theirs(TABLE)
    theirs.save(path)
    loaded = models.load_model(path)
    assert_same(loaded(TABLE), wanted)
    for written in (loaded, space(utils, output_mode=mode)):
        written.save(path)
        assert_same(keras.saving.load_model(path)(TABLE), wanted)


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


def test_hdf5_holds_models_alone(tmp_path):
    with pytest.raises(ValueError) as error:
        saving.save_model(FeatureSpace({"age": "float"}), tmp_path / "space.h5")
    assert str(error.value) == (
        "A FeatureSpace is no model, and HDF5 files hold models.\n"
        "  fix:      give the file a name that ends in `.keras`."
    )
