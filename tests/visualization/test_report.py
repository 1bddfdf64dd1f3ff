"""The page of a report: what it says, that it needs nothing from outside, what a browser shows of it."""

import re
import shutil
import subprocess

import numpy as np
import pytest

import tricera as keras
from tricera import layers

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRAW = np.random.default_rng(0)


def classifier(shape=(8, 8, 1), name="a <net> & more"):
    keras.utils.set_random_seed(7)
    stack = [layers.Conv2D(2, 3, name="conv"), layers.Flatten()] if len(shape) == 3 else []
    model = keras.Sequential([keras.Input(shape), *stack, layers.Dense(3, activation="softmax")], name=name)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    x, y = DRAW.random((30, 8, 8, 1), dtype="float32"), np.arange(30) % 3
    model = classifier()
    history = model.fit(x, y, epochs=2, validation_split=0.2, verbose=0)
    path = tmp_path_factory.mktemp("report") / "new" / "report.html"
    return keras.report(model, history, data=(x, y), class_names=["<one>", "two", "three"], path=path)


def test_a_report_says_everything_and_escapes_what_is_the_users(page):
    text = page.path.read_text("utf-8")
    assert text == page.html == page._repr_html_()
    for part in ("By class", "Worst mistakes", "Learning curves", "Model", "Training", "Versions and seeds"):
        assert f"<h2>{part}</h2>" in text
    assert "<h1>a &lt;net&gt; &amp; more</h1>" in text and "&lt;one&gt;" in text
    assert "<one>" not in text and "<net>" not in text
    assert "<td>seed</td><td>7</td>" in text and "Adam(learning_rate=0.001" in text
    assert "<td>conv</td><td>Conv2D</td><td>(None, 6, 6, 2)</td><td class=number>20</td><td>yes</td>" in text


def test_a_report_needs_nothing_from_outside_and_runs_nothing(page):
    assert "<script" not in page.html and "default-src 'none'" in page.html
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", page.html)
    assert page.html.count('src="data:image/') == 4


def test_classes_are_measured_one_by_one():
    from tricera.visualization.measured import Measured, per_class, worst

    said = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.05, 0.95]])
    found = Measured(None, np.array([0, 1, 1, 0]), said, True)
    assert per_class(found, ["a", "b"]) == [("a", 0.5, 0.5, 0.5, 2), ("b", 0.5, 0.5, 0.5, 2)]
    assert worst(found, 9).tolist() == [3, 1]


def test_numbers_are_measured_as_numbers(tmp_path):
    x = DRAW.random((20, 3), dtype="float32")
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    text = keras.report(model, data=(x, x[:, :1]), path=tmp_path / "r.html").html
    assert f"<td>mean absolute error</td><td>{x[:, 0].mean():.4g}</td>" in text
    assert "<h2>Worst mistakes</h2>" in text and "<h2>Learning curves</h2>" not in text


def test_text_data_have_their_mistakes_in_a_table_and_data_sets_are_read(tmp_path):
    model = classifier((4,), "table")
    x = DRAW.random((12, 4), dtype="float32")
    rare = int(model.predict(x, verbose=0).sum(0).argmin())
    y = np.full(12, rare)
    batches = keras.data.Dataset.from_tensor_slices((x, y)).batch(5)
    text = keras.report(model, {"loss": [2.0, 1.0]}, batches, path=tmp_path / "r.html").html
    assert "<th class=number>sample</th>" in text
    assert f"all 12 labels looked at are of class {rare}" in text


def of_two(named=False):
    x = layers.Input((4,))
    kind, age = layers.Dense(3, activation="softmax", name="kind")(x), layers.Dense(1, name="age")(x)
    model = keras.Model(x, {"what": kind, "age": age} if named else [kind, age], name="of_two")
    model.compile("sgd", {"what" if named else "kind": "sparse_categorical_crossentropy", "age": "mse"})
    return model


@pytest.mark.parametrize("form", ["list", "dict", "outputs of a dict"])
def test_each_output_has_its_part(form, tmp_path):
    x, kinds, ages = DRAW.random((12, 4), dtype="float32"), np.arange(12) % 3, np.zeros((12, 1))
    model, kind = of_two(form == "outputs of a dict"), "what" if form == "outputs of a dict" else "kind"
    y = [kinds, ages] if form == "list" else {kind: kinds, "age": ages}
    text = keras.report(model, data=(x, y), class_names={kind: ["cat", "dog", "owl"]}, path=tmp_path / "r.html").html
    for part in (f"Classes of {kind}", f"Worst mistakes of {kind}", "Results of age", "Worst mistakes of age"):
        assert f"<h2>{part}</h2>" in text
    said = model.predict(x, verbose=0)
    said, numbers = said if isinstance(said, list) else (said[kind], said["age"])
    right, off = (said.argmax(-1) == kinds).mean(), np.abs(numbers).mean()
    assert f"{kind}: {right:.1%} of 12 samples right." in text
    assert f"age: off by {off:.4g} on average over 12 samples." in text
    assert "<td>owl</td>" in text


def test_an_output_without_targets_is_left_out(tmp_path):
    data = (np.zeros((6, 4), "float32"), {"age": np.zeros(6)})
    text = keras.report(of_two(), data=data, path=tmp_path / "r.html").html
    assert "<h2>Results</h2>" in text and "By class" not in text


WRONG = {
    "none": (
        None,
        (
            "A report measures a model on inputs with targets.\n"
            "  expected: data=(x, y), or a data set of such batches\n  got:      no targets"
        ),
    ),
    "few": (
        [np.zeros(2)],
        (
            "`y` must have one entry for each output of the model.\n  expected: 2 (kind, age)\n  got:      1\n"
            "  fix:      a list in this order, or a dict: {'kind': ..., 'age': ...}."
        ),
    ),
    "misspelt": (
        {"ages": np.zeros(2)},
        (
            "In the dict argument `y`, key 'ages' does not correspond to any model output.\n"
            "  expected: 'kind', 'age'\n  got:      'ages'\n  fix:      did you mean 'age'?"
        ),
    ),
}


@pytest.mark.parametrize("y, message", WRONG.values(), ids=WRONG)
def test_targets_must_fit_the_outputs(y, message, tmp_path):
    with pytest.raises(ValueError) as error:
        keras.report(of_two(), data=(np.zeros((2, 4)), y), path=tmp_path / "r.html")
    assert str(error.value) == message
    assert not (tmp_path / "r.html").exists()


@pytest.mark.skipif(BROWSER is None, reason="no browser here")
def test_a_browser_shows_the_page(page, tmp_path):
    from PIL import Image

    shot = tmp_path / "shot.png"
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options = [f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1000,3400", f"--screenshot={shot}"]
    done = subprocess.run(
        [*command, *options, page.path.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert "Refused to" not in done.stderr
    pixels = np.asarray(Image.open(shot).convert("RGB")).astype(int)
    assert pixels.shape == (3400, 1000, 3)
    colors = {"blue of the curves": (0, 114, 178), "vermilion": (213, 94, 0), "a convolution's box": (207, 227, 242)}
    for what, color in colors.items():
        assert (np.abs(pixels - color).sum(-1) < 12).sum() > 50, what
    text = (pixels.sum(-1) < 150).any(1)
    assert text[:200].any() and text[1500:].any()  # from the heading to far below it
