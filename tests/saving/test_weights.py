import h5py
import numpy as np
import pytest

import tricera
from tricera import layers, models, saving
from tricera.disk import atomic
from tricera.engine.layer import Layer


def net(L, M, *units):
    return M.Sequential([L.Input((2,)), *(L.Dense(n, name=f"d{i}") for i, n in enumerate(units))], name="net")


def make_subclass(L, M, base):
    class Block(base):
        def __init__(self):
            super().__init__()
            self._a, self._z, self.pub = L.Dense(2), [L.Dense(2), (L.Dense(2),)], L.Dense(2)
            self.alias = self._a

        @property
        def found(self):
            return self._z[0]

        def call(self, x):
            return self.pub(self._z[1][0](self._z[0](self._a(x))))

    class Net(M.Model):
        def __init__(self):
            super().__init__()
            self.zz, self.blocks, self._p = L.Dense(2), [Block(), {"u": Block()}, [L.Dense(2)]], L.Dense(2)
            self.inner = M.Sequential([L.Dense(2)])

        def call(self, x):
            return self.inner(self._p(self.blocks[2][0](self.blocks[1]["u"](self.blocks[0](self.zz(x))))))

    return Net()


def test_a_subclass_both_ways_with_keras(keras, fill, tmp_path):
    x = np.ones((2, 2), "float32")
    theirs, ours = make_subclass(keras.layers, keras.models, keras.layers.Layer), make_subclass(layers, models, Layer)
    theirs(x), ours(x)
    fill(theirs.weights)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    ours.load_weights(tmp_path / "theirs.weights.h5")
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5)
    ours.save_weights(tmp_path / "ours.weights.h5")
    fill(theirs.weights[::-1])
    theirs.load_weights(tmp_path / "ours.weights.h5")
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5)


def test_own_forms_of_saving(tmp_path):
    class Scale(Layer):
        def build(self, shape):
            self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

        def save_own_variables(self, store):
            store["factor"] = self.scale.numpy()

        def load_own_variables(self, store):
            self.scale.assign(store["factor"])

        def call(self, x):
            return x * self.scale

    one, two = (models.Sequential([layers.Input((2,)), Scale()]) for _ in range(2))
    one.layers[0].scale.assign(3.0)
    one.save_weights(tmp_path / "w.weights.h5")
    two.load_weights(tmp_path / "w.weights.h5")
    assert float(two.layers[0].scale) == 3.0


def test_every_difference_is_named_and_nothing_is_changed(tmp_path):
    path = tmp_path / "w.weights.h5"
    net(layers, models, 3, 4).save_weights(path)
    other = net(layers, models, 3, 5, 6)
    before = other.get_weights()
    with pytest.raises(ValueError) as error:
        other.load_weights(path)
    assert str(error.value) == (
        f"A total of 2 objects could not be loaded from {path}: file and model differ.\n"
        "  wrong shape: layers/dense_1/vars/0 (net/d1/kernel): (3, 5) in the model, (3, 4) in the file\n"
        "  wrong shape: layers/dense_1/vars/1 (net/d1/bias): (5,) in the model, (4,) in the file\n"
        "  missing:     layers/dense_2/vars/0 (net/d2/kernel), shape (5, 6)\n"
        "  missing:     layers/dense_2/vars/1 (net/d2/bias), shape (6,)\n"
        "  fix:      build the same model, or `load_weights(..., skip_mismatch=True)` to keep the layers that differ."
    )
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="A total of 2 objects could not be loaded"):
        other.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(other.get_weights()[2], before[2])


def test_arrays_without_a_place_are_told(tmp_path):
    net(layers, models, 3, 4).save_weights(tmp_path / "w.weights.h5")
    with pytest.warns(UserWarning, match=r"2 arrays of the file have no place in the model: layers/dense_1/vars/0, "):
        net(layers, models, 3).load_weights(tmp_path / "w.weights.h5")


def test_any_suffix_and_the_weights_of_a_model_file(tmp_path):
    one, two = net(layers, models, 3), net(layers, models, 3)
    one.save_weights(tmp_path / "w")
    two.load_weights(tmp_path / "w")
    np.testing.assert_array_equal(one.get_weights()[0], two.get_weights()[0])
    one.save(tmp_path / "m.keras")
    three = net(layers, models, 3)
    three.load_weights(tmp_path / "m.keras")
    np.testing.assert_array_equal(one.get_weights()[0], three.get_weights()[0])


def test_an_unbuilt_model(tmp_path):
    model = models.Sequential([layers.Dense(2)], name="later")
    with pytest.raises(ValueError) as error:
        model.save_weights(tmp_path / "w.weights.h5")
    assert str(error.value).startswith('Sequential model "later": You are saving a model that has not yet been built.')
    (tmp_path / "w.weights.h5").touch()
    with pytest.raises(ValueError, match="loading weights into a model that has not yet been built"):
        model.load_weights(tmp_path / "w.weights.h5")


# ---- writing


@pytest.mark.parametrize("name", ["m.keras", "w.weights.h5"])
def test_a_failing_write_leaves_the_old_file(tmp_path, monkeypatch, name):
    model, path = net(layers, models, 3), tmp_path / name
    save = model.save if name.endswith(".keras") else model.save_weights
    save(path)
    before = path.read_bytes()

    def fail(store):
        raise OSError("No space left on device")

    monkeypatch.setattr(model.layers[0], "save_own_variables", fail)
    with pytest.raises(OSError, match="No space left"):
        save(path)
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_a_kill_before_the_end_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "f"
    path.write_text("old")
    monkeypatch.setattr(atomic.os, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt), atomic.replacing(path) as fresh:
        fresh.write_text("new")
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_where_nothing_is_written(tmp_path):
    model = net(layers, models, 3)
    model.save(tmp_path / "m.keras")
    with pytest.raises(FileExistsError) as error:
        model.save(tmp_path / "m.keras", overwrite=False)
    assert str(error.value) == (
        f"The file {str(tmp_path / 'm.keras')!r} exists.\n  fix:      `overwrite=True`, or save under another name."
    )
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        saving.save_weights(model, tmp_path / "nowhere" / "w.weights.h5")
    with pytest.raises(ValueError, match=r"The filename must end in `\.weights\.h5`"):
        model.save_weights(tmp_path / "w.keras")


def test_where_tf_keras_2_13_has_the_layers_of_a_graph(tmp_path):
    inner = models.Sequential([layers.Input((3,)), layers.Dense(2), layers.Dense(3)])
    model = models.Sequential([layers.Input((3,)), inner, layers.Dense(1)])
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5", "a") as file:
        for path in ("layers/sequential/layers", "layers"):
            file.move(path, f"{path[:-6]}_layer_checkpoint_dependencies")
    other = models.clone_model(model)
    other.load_weights(tmp_path / "m.weights.h5")
    for found, expected in zip(other.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)


def named_otherwise(lib):
    class Inner(lib.Model):
        def __init__(self):
            super().__init__()
            self.dense = lib.layers.Dense(3)

        def call(self, x):
            return self.dense(x)

    class Outer(lib.Model):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def call(self, x):
            return self.inner(x)

    class Renamed(Inner):
        def __init__(self):
            lib.Model.__init__(self)
            self.a_dense = lib.layers.Dense(3)

        @property
        def dense(self):
            return self.a_dense

    class Around(Outer):
        def __init__(self):
            lib.Model.__init__(self)
            self.a_part = Renamed()

        @property
        def inner(self):
            return self.a_part

    return Outer, Around


def test_a_part_is_found_by_another_name_that_it_has(keras, tmp_path):
    """A property leads from the name in the file to an attribute with another."""
    x, path = np.ones((2, 2), "float32"), tmp_path / "outer.weights.h5"
    reference, model = named_otherwise(keras)[0](), named_otherwise(tricera)[1]()
    reference(x), model(x)
    reference.save_weights(path)
    model.load_weights(path)
    np.testing.assert_allclose(model(x), reference(x), rtol=1e-6)
    own = tmp_path / "around.weights.h5"
    model.save_weights(own)
    again = named_otherwise(keras)[1]()
    again(x)
    again.load_weights(own)
    np.testing.assert_allclose(again(x), reference(x), rtol=1e-6)


@pytest.mark.parametrize("shard", [None, 1])
def test_layers_that_are_skipped(keras, fill, tmp_path, shard):
    path = tmp_path / ("w.weights.h5" if shard is None else "w.weights.json")
    reference, model = net(keras.layers, keras.models, 3, 4), net(layers, models, 3, 4)
    fill(reference.weights)
    model.set_weights(reference.get_weights())
    skip = {"objects_to_skip": [model.layers[0]]}
    model.save_weights(path, max_shard_size=shard, **skip)
    other, theirs = net(layers, models, 3, 4), net(keras.layers, keras.models, 3, 4)
    before = other.get_weights()
    with pytest.raises(ValueError, match="A total of 1 objects could not be loaded"):
        other.load_weights(path)
    whole = tmp_path / "whole.weights.h5"
    model.save_weights(whole)
    for each in (path, whole):
        other.load_weights(each, objects_to_skip=[other.layers[0]])
        theirs.load_weights(each, objects_to_skip=[theirs.layers[0]])
        np.testing.assert_array_equal(other.layers[0].get_weights()[0], before[0])
        for mine, its, wanted in zip(*(m.layers[1].get_weights() for m in (other, theirs, model)), strict=True):
            np.testing.assert_array_equal(mine, wanted)
            np.testing.assert_array_equal(its, wanted)


def test_where_nothing_can_be_skipped(tmp_path):
    model, old = net(layers, models, 3), tmp_path / "old.h5"
    model.save_weights(old)
    for use in (model.save_weights, model.load_weights):
        with pytest.raises(ValueError) as error:
            use(old, objects_to_skip=[model.layers[0]])
        assert str(error.value) == (
            f"`objects_to_skip` only supports loading '.weights.h5' files.\n  got:      {old}\n"
            "  fix:      `model.save_weights('name.weights.h5', objects_to_skip=...)`"
        )


def test_an_unknown_argument_of_load_weights(tmp_path):
    model = net(layers, models, 3)
    model.save_weights(tmp_path / "w.weights.h5")
    for kind in (TypeError, ValueError):
        with pytest.raises(kind) as error:
            model.load_weights(tmp_path / "w.weights.h5", skip_mismatches=True)
        assert str(error.value) == (
            "Invalid keyword arguments: skip_mismatches.\n"
            "  fix:      there are skip_mismatch, by_name, objects_to_skip."
        )
