"""Pictures of a model's graph: boxes and arrows, their layout, DOT, files."""

import itertools
import shutil

import numpy as np
import pytest

import tricera as keras
from tricera import layers, utils, visualization
from tricera.utils.diagram import dot
from tricera.utils.diagram.boxes import Show, diagram
from tricera.utils.diagram.layout import _apart, layered


@pytest.fixture(scope="module")
def model():
    image, text = layers.Input((8, 8, 3), name="image"), layers.Input((5,), name="text")
    base = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="conv"), layers.Flatten(name="flat")], name="base"
    )
    shared = layers.Dense(2, name="shared", activation="relu")
    joined = layers.Concatenate(name="joined")([shared(text), base(image)])
    return keras.Model([image, text], [layers.Dense(1, name="a")(joined), joined + 1.0])


def test_boxes_are_uses_of_layers_and_ops(model):
    found = diagram(model, Show(shapes=True, dtypes=True, activations=True, trainable=True, weights=True))
    said = {box.name: (box.kind, *box.lines) for box in found.boxes}
    assert said["shared"] == ("Dense", "activation: relu", "2  float32", "12 weights", "trainable")
    assert said["base"] == ("Sequential", "144  float32", "112 weights", "trainable")
    arrows = {(found.boxes[a].name, found.boxes[b].name) for a, b in found.arrows}
    assert {("text", "shared"), ("shared", "joined"), ("base", "joined"), ("joined", "a")} <= arrows
    assert len(found.arrows) == 6


def test_models_inside_are_opened(model):
    found = diagram(model, Show(), expand_nested=True)
    assert [box.name for box in found.boxes if box.inside == ("base",)] == ["conv", "flat"]
    arrows = {(found.boxes[a].name, found.boxes[b].name) for a, b in found.arrows}
    assert {("image", "conv"), ("conv", "flat"), ("flat", "joined")} <= arrows


def test_a_layer_used_twice_is_two_boxes_and_a_class_of_the_users_is_one():
    x, dense = layers.Input((3,)), layers.Dense(3, name="same")
    model = keras.Model(x, dense(dense(x)))
    assert [box.name for box in diagram(model, Show()).boxes][1:] == ["same", "same (use 2)"]

    class Own(keras.Model):
        def call(self, x):
            return x

    own = Own(name="own")
    with pytest.raises(ValueError) as error:
        utils.model_to_dot(own)
    assert str(error.value) == (
        'Own model "own": This model has not yet been built: its graph is not known.\n'
        "  fix:      begin it with an `Input`, call `build()`, or call it on a batch of data."
    )
    own(np.zeros((1, 2)))
    assert [box.kind for box in diagram(own, Show()).boxes] == ["Own"]


def test_rows_do_not_overlap_and_arrows_point_down():
    arrows = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3), (3, 4), (0, 4)]
    layout = layered([1.0, 2.0, 1.5, 1.0, 1.0], [0.5] * 5, arrows, 0.3)
    assert [y for _, y in layout.middles] == pytest.approx([0.25, 1.05, 1.05, 1.85, 2.65])
    (left, _), (right, _) = sorted(layout.middles[1:3])
    assert right - left >= 1.75
    for (source, target), points in layout.lines.items():
        assert points[0] == pytest.approx((layout.middles[source][0], layout.middles[source][1] + 0.25))
        assert points[-1] == pytest.approx((layout.middles[target][0], layout.middles[target][1] - 0.25))
        assert all(a[1] < b[1] for a, b in itertools.pairwise(points))
    assert layout.length == pytest.approx(2.9)


def test_an_order_without_crossings_is_found():
    layout = layered([1.0] * 6, [0.5] * 6, [(0, 5), (1, 4), (2, 3)], 0.3)
    tops, bottoms = [layout.middles[i][0] for i in (0, 1, 2)], [layout.middles[i][0] for i in (5, 4, 3)]
    assert np.argsort(tops).tolist() == np.argsort(bottoms).tolist()


def test_places_are_the_nearest_to_the_wanted_ones_that_do_not_overlap():
    found = _apart(np.array([0.0, 0.0, 10.0]), np.ones(3), np.ones(3))
    np.testing.assert_allclose(found, [-0.625, 0.625, 10])


def test_dot_text_is_escaped_and_clustered():
    x = layers.Input((3,), name="x")
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(2, name='<b>"quoted"&')], name="inner")
    text = utils.model_to_dot(keras.Model(x, inner(x)), show_shapes=True, expand_nested=True).to_string()
    assert "&lt;b&gt;&quot;quoted&quot;&amp;" in text and '<b>"' not in text
    assert 'subgraph "cluster_inner"' in text and "n0 -> n1;" in text


@pytest.mark.parametrize("graphviz", [True, False])
def test_plot_model_writes_files_with_graphviz_and_without(model, graphviz, tmp_path, monkeypatch):
    if graphviz and not shutil.which("dot"):
        pytest.skip("no Graphviz here")
    monkeypatch.setattr(dot, "has_graphviz", lambda: graphviz)
    shown = utils.plot_model(model, tmp_path / "a.png", show_shapes=True, show_layer_names=True, dpi=50)
    assert shown._repr_png_().startswith(b"\x89PNG") and shown._repr_svg_() is None
    svg = utils.plot_model(model, str(tmp_path / "a.svg"), rankdir="LR", expand_nested=True)._repr_svg_()
    assert "<svg" in svg
    utils.plot_model(model, tmp_path / "a.dot")
    assert (tmp_path / "a.dot").read_text().startswith('digraph "functional')
    assert b"<svg" in utils.model_to_dot(model).create(prog="dot", format="svg")  # the line of the notes
    with pytest.raises(ValueError, match=r"format"):
        utils.model_to_dot(model).create(format="docx")


def test_directions_that_there_are_not(model):
    for plot in (utils.model_to_dot, utils.plot_model, visualization.model_graph):
        with pytest.raises(ValueError) as error:
            plot(model, rankdir="down")
        assert str(error.value) == ("Unknown `rankdir`.\n  expected: 'TB', 'LR', 'BT', 'RL'\n  got:      'down'")


def test_the_figure_of_a_graph_says_names_shapes_and_weights(model, tmp_path):
    figure = visualization.model_graph(model, tmp_path / "graph.png", expand_nested=True)
    texts = {text.get_text().strip() for text in figure.axes[0].texts}
    assert {"Conv2D", "conv", "6 × 6 × 4", "112 weights"} <= texts
    chain = keras.Sequential([keras.Input((8, 8, 3)), model.get_layer("base"), layers.Dense(1)])
    assert "base" in {text.get_text() for text in visualization.model_graph(chain, expand_nested=True).axes[0].texts}
    assert len([p for p in figure.axes[0].patches if type(p).__name__ == "FancyArrowPatch"]) == 7
