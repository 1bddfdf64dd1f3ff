"""clone_model, Config and get_source_inputs against Keras' own."""

import numpy as np
import pytest

import tricera
from tricera import layers, models


def graph(module):
    a, b = module.Input((2,), name="a"), module.Input((2,), name="b")
    dense = module.layers.Dense(2, name="dense")
    sums = module.layers.Add(name="add")([dense(a), dense(b)])
    return module.Model([a, b], {"sum": sums, "scaled": module.ops.multiply(sums, 2.0)})


def stack(module):
    inner = module.Sequential([module.Input((3,)), module.layers.Dense(1, name="last")], name="inner")
    return module.Sequential([module.Input((2,)), module.layers.Dense(3, name="first"), inner])


def test_a_graph_is_cloned_with_new_weights_and_shared_layers():
    model = graph(tricera)
    clone = models.clone_model(model)
    assert [layer.name for layer in clone.layers] == [layer.name for layer in model.layers]
    assert not set(map(id, clone.weights)) & set(map(id, model.weights))
    assert len(clone.weights) == 2
    clone.set_weights(model.get_weights())
    x = [np.ones((3, 2), "float32"), np.zeros((3, 2), "float32")]
    ours, theirs = clone(x), model(x)
    assert ours.keys() == theirs.keys()
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name])


def test_functions_see_the_layers_that_keras_shows_them(keras):
    def seen(module):
        module.utils.clear_session()  # names count from the beginning
        log = []

        def clone(layer):
            log.append(("clone", layer.name))
            return type(layer).from_config(layer.get_config())

        def call(layer, *args, **kwargs):
            log.append(("call", layer.name))
            return layer(*args, **kwargs)

        module.models.clone_model(graph(module), clone_function=clone, call_function=call)
        for recursive in (False, True):
            made = module.models.clone_model(stack(module), clone_function=clone, recursive=recursive)
            log.append(made.built)
        fresh = [module.Input((2,), name="c"), module.Input((2,), name="d")]
        clone = module.models.clone_model(graph(module), input_tensors=fresh)
        names = [tensor.name for tensor in clone.inputs]
        return [entry for entry in log if entry is True or entry[1] not in ("a", "b", "multiply")], names

    assert seen(tricera) == seen(keras)


class Own(tricera.Model):
    def call(self, x):
        return x


def test_a_subclass_is_made_of_its_configuration():
    assert isinstance(models.clone_model(Own()), Own)
    assert not models.clone_model(tricera.Sequential([layers.Dense(2)])).built


def test_functions_that_only_the_program_knows_stand_in_the_copy(keras):
    def made(module):
        def half(x):
            return x / 2

        inner = module.Sequential([module.Input((2,)), module.layers.Lambda(lambda x: x + 1)])
        stack = module.Sequential([module.Input((2,)), module.layers.Lambda(lambda x, by: x * by, arguments={"by": 3})])
        dense = module.layers.Dense(2, half, kernel_initializer="ones")
        x = module.Input((2,))
        return stack, module.Model(x, dense(inner(module.layers.Lambda(half)(x))))

    x = np.ones((1, 2), "float32")
    for ours, theirs in zip(made(tricera), made(keras), strict=True):
        np.testing.assert_allclose(models.clone_model(ours)(x), theirs(x))
    clone = models.clone_model(ours)
    assert clone.layers[1].function is ours.layers[1].function
    with pytest.raises(ValueError, match="half"):  # a configuration that leaves the program has only names
        models.Model.from_config(ours.get_config())


MESSAGES = {
    "own": (lambda: models.clone_model(Own(), clone_function=lambda layer: layer), """\
Arguments `clone_function` and `input_tensors` are only supported for Sequential models or Functional models.
  got:      model of type 'Own'
  fix:      give the class a `get_config` and a `from_config`, and leave them out."""),
    "stack": (lambda: models.clone_model(stack(tricera), call_function=print), """\
`call_function` argument is not supported with Sequential models.
  fix:      use it with Functional models: the layers of a Sequential are listed, not called."""),
    "inputs": (lambda: models.clone_model(graph(tricera), input_tensors=[layers.Input((2,), name="c")]), """\
`input_tensors` must have the same structure as model.input.
  expected: [a, b]
  got:      [c]"""),
    "names": (lambda: models.clone_model(graph(tricera), input_tensors={"a": layers.Input((2,), name="c")}), """\
`input_tensors` must have the same structure as model.input.
  expected: [a, b]
  got:      {'a': c}"""),
    "single": (lambda: models.clone_model(stack(tricera), input_tensors=[layers.Input((2,))] * 2), """\
Argument `input_tensors` must contain a single tensor.
  got:      2 values"""),
    "argument": (lambda: models.clone_model(graph(tricera), bogus=1), "Unexpected keyword argument(s): ('bogus',)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name):
    call, text = MESSAGES[name]
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value) == text


def test_a_stack_of_several_inputs_is_cloned():
    model = tricera.Sequential([layers.Add(), layers.Dense(2)])
    x = [np.ones((3, 4), "float32"), np.ones((3, 4), "float32")]
    model(x)
    clone = models.clone_model(model)
    assert clone.built
    clone.set_weights(model.get_weights())
    np.testing.assert_array_equal(clone(x), model(x))


def own_loss(y, y_pred):
    return abs(y - y_pred)


class Compiled(tricera.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(1)

    def call(self, x):
        return self.dense(x)


@pytest.mark.parametrize(
    "make", [lambda: graph(tricera), lambda: stack(tricera), Compiled], ids=["graph", "stack", "own"]
)
def test_a_compiled_model_is_cloned_compiled(make):
    model = make()
    assert not models.clone_model(model).compiled
    model.compile(tricera.optimizers.SGD(0.125), own_loss, metrics=[lambda y, y_pred: y])
    clone = models.clone_model(model)
    assert clone.compiled
    assert clone.loss is own_loss
    assert clone.optimizer is not model.optimizer
    assert float(clone.optimizer.learning_rate) == 0.125


def test_the_nesting_of_inputs_and_outputs_is_cloned():
    a, b = layers.Input((2,), name="a"), layers.Input((2,), name="b")
    model = models.Model({"x": a, "rest": (b,)}, {"sum": a + b, "both": (a * 2.0, b)})
    fresh = {"x": layers.Input((2,)), "rest": (layers.Input((2,)),)}
    for clone in (models.clone_model(model), models.clone_model(model, input_tensors=fresh)):
        out = clone({"x": np.ones((1, 2)), "rest": (np.full((1, 2), 3.0),)})
        assert {name: type(value) for name, value in out.items()} == {"sum": type(out["sum"]), "both": tuple}
        np.testing.assert_array_equal(out["sum"], [[4, 4]])


def test_source_inputs():
    model = graph(tricera)
    assert tricera.utils.get_source_inputs(model.output["scaled"]) == model.inputs
    assert tricera.utils.get_source_inputs(model.inputs[0]) == [model.inputs[0]]


def test_a_config_is_read_set_and_frozen(keras):
    def story(cls):
        told = [repr(config := cls(a=1, b="x")), config.a, config["b"], len(config), list(config), "a" in config]
        config.c = 3
        config.update({"z": 2})
        told += [config.as_dict(), config.to_json(), config.pop("z")]
        config.freeze()
        for change in (
            lambda: setattr(config, "a", 2),
            lambda: config.nope,
            lambda: config["nope"],
            lambda: delattr(config, "nope"),
        ):
            try:
                told.append(change())
            except Exception as error:
                told.append(next(k for k in (KeyError, AttributeError, ValueError) if isinstance(error, k)))
        config.unfreeze()
        return [*told, config.pop("a"), config.frozen, config.get("a"), list(config.items())]

    assert story(tricera.utils.Config) == story(keras.utils.Config)
