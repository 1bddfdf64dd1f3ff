"""Pictures of what happens inside of models: activations, filters, heat, attention."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tricera as keras
from tricera import layers, visualization
from tricera.train import programs
from tricera.visualization import inside

IMAGE = np.random.default_rng(0).random((10, 12, 3), dtype="float32")


@pytest.fixture(scope="module")
def net():
    """Two convolutions around a way past the second one, in a model inside of a model."""
    keras.utils.set_random_seed(1)
    x = image = layers.Input((10, 12, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name="first")(x)
    y = layers.Conv2D(4, 3, padding="same", activation="tanh", name="second")(x)
    base = keras.Model(image, layers.Add(name="sum")([x, y]), name="base")
    return keras.Sequential([base, layers.Flatten(name="flat"), layers.Dense(5, activation="softmax", name="dense")])


def test_activations_draw_every_layer_with_maps_and_count_the_silent_channels(net, tmp_path):
    figure = visualization.activations(net, IMAGE, path=tmp_path / "a.png")
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert [title.split(",")[0] for title in titles] == [
        f"{name}: 4 channels of 5 × 6" for name in ("first", "second", "sum")
    ]
    wall = figure.axes[0].images[0].get_array()
    assert wall.shape == (5, 4 * 6 + 3)
    maps = np.asarray(net.layers[0].get_layer("first")(IMAGE[None]))[0]
    low, high = maps[..., 2].min(), maps[..., 2].max()
    np.testing.assert_allclose(wall[:, 14:20], (maps[..., 2] - low) / (high - low), atol=1e-5)


def test_a_constant_channel_is_counted():
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Conv2D(2, 1, kernel_initializer="zeros", name="dead")])
    (axis,) = visualization.activations(model, np.ones((4, 4, 1)), layers=["dead"]).axes
    assert axis.get_title(loc="left") == "dead: 2 channels of 4 × 4, 2 the same everywhere"


def test_a_layer_that_is_not_there_and_one_without_maps(net):
    with pytest.raises(ValueError) as error:
        visualization.activations(net, IMAGE, layers=["frist"])
    assert str(error.value) == (
        'Sequential model "' + net.name + "\" has no layer 'frist'.\n"
        "  expected: first, flat, sum, dense, second\n"
        "  fix:      did you mean 'first'?"
    )
    with pytest.raises(ValueError) as error:
        visualization.activations(net, IMAGE, layers=["dense"])
    assert str(error.value) == (
        'Dense layer "dense" answers without maps: a convolution is needed here.\n'
        "  expected: an output of (batch, height, width, channels)\n"
        "  got:      (1, 5) of Dense"
    )
    with pytest.raises(ValueError) as error:
        visualization.class_heatmap(net, IMAGE, layer="dense")
    assert str(error.value) == (
        'Dense layer "dense" is no convolution over images.\n  expected: second, first\n  got:      Dense'
    )


def test_an_image_of_the_wrong_size(net):
    with pytest.raises(ValueError) as error:
        visualization.class_heatmap(net, np.zeros((8, 8, 3)))
    assert str(error.value) == (
        f'Sequential model "{net.name}": `class_heatmap` takes one image of the size that the model takes.\n'
        "  expected: (10, 12, 3)\n"
        "  got:      (8, 8, 3)\n"
        "  fix:      `load_img(path, target_size=(10, 12))`, or `ops.image.resize`."
    )
    with pytest.raises(ValueError) as error:
        visualization.activations(net, np.zeros((2, 10, 12, 3)))
    assert str(error.value) == (
        f'Sequential model "{net.name}": `activations` takes one image of the size that the model takes.\n'
        "  expected: (10, 12, 3)\n"
        "  got:      shape (2, 10, 12, 3)\n"
        "  fix:      give one of them: `images[0]`."
    )


def notes_loop(model, layer, index, start, steps):
    """Gradient ascent for one filter, as the notes write it."""
    part = keras.Model(model.inputs, model.get_layer(layer).output)
    slope = jax.grad(lambda x: part(x)[..., index].mean())
    for _ in range(steps):
        g = slope(start)
        start = start + g / (jnp.sqrt(jnp.square(g).mean()) + 1e-5)
    return start[0]


@pytest.mark.parametrize(("layer", "first"), [("first", True), ("second", False), ("deep", False)])
def test_filters_climb_as_the_loop_of_the_notes_does(net, layer, first):
    from tricera.visualization.filters import patterns

    keras.utils.set_random_seed(2)
    base = net.layers[0]
    model = keras.Model(base.input, layers.DepthwiseConv2D(3, name="deep", depth_multiplier=2)(base.output))
    found = patterns(model, layer, steps=3)
    count = model.get_layer(layer).output.shape[-1]
    assert found.shape == (count, 10, 12, 3)
    noise = 127.5 + 20 * (np.random.default_rng(0).random(found.shape, dtype="float32") - 0.5)
    for index in (0, count - 1):
        wanted = notes_loop(model, layer, index, noise[index][None], 3)
        np.testing.assert_allclose(found[index], wanted, rtol=1e-4)


def test_filters_of_a_net_with_a_dense_top_take_any_size_and_compile_once(net, tmp_path):
    from tricera.visualization.filters import patterns

    assert patterns(net, "first", 16, steps=1).shape == (4, 16, 16, 3)
    (axis,) = visualization.filters(net, "first", 16, steps=2, path=tmp_path / "f.png").axes
    assert axis.get_title(loc="left") == "first: what each of its 4 filters answers to most"
    assert axis.images[0].get_array().shape == (16, 4 * 16 + 3 * 2, 3)


def test_filters_refuse_bad_arguments(net):
    with pytest.raises(ValueError) as error:
        visualization.filters(net, "flat")
    assert str(error.value) == (
        'Flatten layer "flat" is no convolution over images.\n  expected: first, second\n  got:      Flatten'
    )
    with pytest.raises(ValueError) as error:
        visualization.filters(net, "first", steps=0)
    assert str(error.value) == ("`steps` is not a number of steps.\n  expected: a positive integer\n  got:      0")


def test_heat_is_grad_cam_of_the_score_before_softmax_whatever_way_leads_around_the_layer(net):
    from tricera.visualization.heatmap import heat_of

    base, dense = net.layers[0], net.layers[2]
    heat, probabilities, index = heat_of(net, IMAGE[None], base.get_layer("second"), 3)
    np.testing.assert_allclose(probabilities, net(IMAGE[None])[0], rtol=1e-5)
    assert index == 3
    maps = np.asarray(base.get_layer("second")(base.get_layer("first")(IMAGE[None])))[0]
    slopes = np.asarray(dense.kernel.value)[:, 3].reshape(maps.shape)  # the sum and the dense layer are linear
    cam = np.maximum((slopes.mean((0, 1)) * maps).sum(-1), 0)
    np.testing.assert_allclose(heat, cam / cam.max(), atol=1e-5)
    assert heat_of(net, IMAGE[None], base.get_layer("second"))[2] == int(np.argmax(probabilities))


def test_the_heat_map_is_drawn_over_the_photo(net, tmp_path):
    names = list("abcde")
    figure = visualization.class_heatmap(net, IMAGE, 2, class_names=names, path=tmp_path / "h.png")
    assert figure.axes[0].get_title().startswith("c: ")
    assert figure.axes[1].get_title() == "where second saw it"
    path = tmp_path / "photo.png"
    keras.utils.save_img(path, IMAGE)
    figure = visualization.class_heatmap(net, path, 2, preprocess=lambda x: x / 255)
    assert figure.axes[0].images[0].get_array().shape == (10, 12, 3)


def test_a_class_beyond_the_output(net):
    with pytest.raises(ValueError) as error:
        visualization.class_heatmap(net, IMAGE, 5)
    assert str(error.value) == (
        f'Sequential model "{net.name}": there is no class 5.\n'
        "  expected: an integer from 0 to 4: the output has 5 units"
    )


def test_one_sigmoid_speaks_for_either_class():
    from tricera.visualization.heatmap import heat_of

    top = [layers.GlobalAveragePooling2D(), layers.Dense(1, activation="sigmoid")]
    model = keras.Sequential([keras.Input((6, 6, 3)), layers.Conv2D(3, 3, name="conv"), *top])
    heats = [heat_of(model, IMAGE[None, :6, :6], model.layers[0], index) for index in (0, 1)]
    assert heats[0][1].sum() == pytest.approx(1)
    assert (np.minimum(heats[0][0], heats[1][0]) == 0).all()  # what speaks for one speaks against the other


def test_a_model_without_a_convolution():
    model = keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten(name="a"), layers.Dense(2, name="b")])
    with pytest.raises(ValueError) as error:
        visualization.class_heatmap(model, np.zeros((2, 2, 1)))
    assert str(error.value) == (
        f'Sequential model "{model.name}" has no convolution over images.\n  got:      a (Flatten), b (Dense)'
    )


def test_attention_maps_of_every_head_and_of_plain_attention():
    keras.utils.set_random_seed(0)
    tokens = layers.Input((4,), dtype="int32")
    x = layers.Embedding(9, 6)(tokens)
    heads = layers.MultiHeadAttention(2, 3, name="heads")(x, x)
    plain = layers.Attention(name="plain")([heads, x])
    model = keras.Model(tokens, plain)
    batch = np.array([[1, 2, 3, 4]])
    (drawn, _) = visualization.attention_map(model, batch).axes
    vectors, queries = np.asarray(model.layers[1](batch))[0], np.asarray(keras.Model(tokens, heads)(batch))[0]
    scores = np.exp(queries @ vectors.T)
    np.testing.assert_allclose(drawn.images[0].get_array(), scores / scores.sum(-1, keepdims=True), rtol=1e-4)
    figure = visualization.attention_map(model, batch, "heads", tokens=["to", "be", "or", "not"])
    assert [axis.get_title() for axis in figure.axes[:2]] == ["head 1", "head 2"]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["to", "be", "or", "not"]
    with pytest.raises(ValueError) as error:
        visualization.attention_map(model, batch, "heads", tokens=["to"])
    assert str(error.value) == (
        'MultiHeadAttention layer "heads": a place has no token.\n  expected: 4 tokens\n  got:      1'
    )


def test_looking_leaves_the_model_as_it_was(net):
    before = {id(layer): dict(vars(layer)) for layer in inside.layers_of(net)}
    count = programs.traces.total()
    visualization.activations(net, IMAGE)
    visualization.class_heatmap(net, IMAGE)
    assert all("call" not in vars(layer) for layer in inside.layers_of(net))
    assert all(before[id(layer)].keys() == vars(layer).keys() for layer in inside.layers_of(net))
    assert programs.traces.total() == count
