"""All values of a model as a tree."""

import numpy as np
import pytest

from tricera import layers, models

pytestmark = pytest.mark.usefixtures("fresh_names")

ONES = np.ones((4, 2), "float32")


def build(layers, models, width=3):
    model = models.Sequential(
        [
            layers.Input((2,)),
            layers.Dense(width, name="a"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(2, name="b"),
        ],
        name="stack",
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def fitted(layers, models):
    model = build(layers, models)
    model.fit(ONES, ONES, verbose=0)
    return model


def test_the_tree_is_that_of_keras(keras):
    own = fitted(layers, models).get_state_tree("numpy_array")
    theirs = fitted(keras.layers, keras).get_state_tree("numpy_array")
    assert keras.tree.map_structure(np.shape, own) == keras.tree.map_structure(np.shape, theirs)
    fresh = build(layers, models)
    fresh.set_state_tree(theirs)
    assert keras.tree.map_structure(np.shape, fresh.get_state_tree())["optimizer_variables"] != {}
    np.testing.assert_array_equal(fresh.get_layer("a").kernel, theirs["trainable_variables"]["stack"]["a"]["kernel"])
    assert int(fresh.optimizer.iterations) == 1


def test_counted_names_are_taken_in_their_order():
    def plain():
        model = models.Sequential([layers.Input((2,)), *(layers.Dense(2) for _ in range(12)), layers.Dropout(0.5)])
        model.compile("adam", "mse")
        return model

    one, other = plain(), plain()
    one.fit(ONES, ONES, verbose=0)
    tree = one.get_state_tree("numpy_array")
    by_name = {group: {key: dict(sorted(inside.items())) for key, inside in tree[group].items()} for group in tree}
    other.set_state_tree(by_name)
    for own, wanted in zip(other.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_array_equal(own, wanted)
    assert int(other.optimizer.iterations) == 1


def test_a_part_of_a_tree_leaves_the_rest():
    model = fitted(layers, models)
    kernel = np.array(model.get_layer("a").kernel)
    model.set_state_tree({"trainable_variables": {"stack": {"b": {"bias": [7.0, 8.0]}}}})
    np.testing.assert_array_equal(model.get_layer("b").bias, [7, 8])
    np.testing.assert_array_equal(model.get_layer("a").kernel, kernel)
    alone = models.Sequential([layers.Input((2,)), layers.Dense(3)])
    alone.set_state_tree(
        {"optimizer_variables": {"adam": {"iteration": 1}}, "metrics_variables": {"loss": {"count": 1}}}
    )


def test_what_does_not_fit_is_told():
    model, tree = build(layers, models, width=5), fitted(layers, models).get_state_tree()
    before = model.get_weights()
    del tree["optimizer_variables"], tree["metrics_variables"]
    tree["trainable_variables"]["stack"]["c"] = {"bias": np.zeros(2)}
    tree["trainable_variables"]["stack"]["norm"] = {}
    with pytest.raises(ValueError) as error:
        model.set_state_tree({**tree, "non_trainable_variables": {}})
    assert str(error.value) == (
        'Sequential model "stack" and the state tree differ: nothing is assigned.\n'
        "  wrong shape: stack/a/kernel: (2, 5) in the model, (2, 3) stored\n"
        "  wrong shape: stack/a/bias: (5,) in the model, (3,) stored\n"
        "  wrong shape: stack/b/kernel: (5, 2) in the model, (3, 2) stored\n"
        "  unexpected:  stack/c/bias, shape (2,)"
    )
    assert all(map(np.array_equal, model.get_weights(), before))
    with pytest.raises(ValueError) as error:
        model.set_state_tree({"trainable": {}})
    assert str(error.value) == (
        "Unknown variable name: trainable\n  expected: trainable_variables or non_trainable_variables or "
        "optimizer_variables or metrics_variables\n  fix:      did you mean 'trainable_variables'?"
    )
    with pytest.raises(ValueError) as error:
        model.get_state_tree("list")
    assert str(error.value) == (
        "`value_format` is unknown.\n  expected: backend_tensor or numpy_array\n  got:      'list'"
    )


def test_two_variables_of_one_path_are_told():
    class Twice(layers.Layer):
        def build(self, shape):
            self.one, self.two = (self.add_weight((1,), name="w") for _ in range(2))

        def call(self, x):
            return x * self.one * self.two

    model = models.Sequential([layers.Input((1,)), Twice(name="t")], name="stack")
    with pytest.raises(ValueError) as error:
        model.get_state_tree()
    assert str(error.value) == (
        "Sequential model \"stack\": The following variable path is found twice in the model: 'stack/t/w'.\n"
        "  fix:      give layers that stand beside each other names of their own."
    )
