"""Each example is short, says what it shows, and runs, shrunken, without a network and without the Keras folder."""

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

from tricera import config, datasets

FOLDER = Path(__file__).parents[2] / "examples"
PICTURES = {
    "autoencoder": ["autoencoder"],
    "boston_k_fold": ["boston_k_fold"],
    "cats_and_dogs": ["cats_and_dogs", "cats_and_dogs_curves"],
    "feature_extraction": ["feature_extraction"],
    "fine_tuning": ["fine_tuning", "fine_tuning_curves"],
    "forecast": ["forecast"],
    "gan": ["gan"],
    "imdb_three_ways": ["imdb_three_ways"],
    "looking_inside": ["activations", "filters", "graph", "heatmap"],
    "reuters": ["reuters", "reuters_curves"],
    "siamese": ["siamese"],
    "text_generation": ["text_generation"],
    "transformer": ["transformer"],
    "variational_autoencoder": ["variational_autoencoder"],
}
RUN = ("boston_k_fold", "cats_and_dogs", "forecast", "gan", "imdb_three_ways", "looking_inside", "text_generation",
       "transformer", "siamese")  # fmt: skip
SMALL = {"EPOCHS": 1, "SAMPLES": 64, "PAIRS": 64, "REVIEWS": 64, "LETTERS": 3000, "WRITTEN": 2, "STEPS": 2, "SIDE": 3}


@pytest.fixture
def offline(monkeypatch, tmp_path):
    def fail(*args, **kwargs):
        raise OSError("no network")

    for name in ("mnist", "imdb", "reuters", "boston_housing"):
        monkeypatch.setattr(getattr(datasets, name), "load_data", fail)
    monkeypatch.setattr(datasets.imdb, "get_word_index", fail)
    monkeypatch.setattr(config, "home", lambda: tmp_path / "nothing")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(FOLDER))
    yield tmp_path
    sys.modules.pop("found", None)


OWN = {"boston_k_fold": {"EPOCHS": 5}, "cats_and_dogs": {"SIZE": (46, 46), "SAMPLES": 5}}
MOST_LINES = 60


@pytest.mark.parametrize("name", PICTURES)
def test_an_example_is_short_and_says_what_it_shows(name):
    text = (FOLDER / f"{name}.py").read_text()
    assert len(text.splitlines()) <= MOST_LINES
    assert ast.get_docstring(ast.parse(text))
    assert all(f'"{picture}.png"' in text for picture in PICTURES[name])


@pytest.mark.parametrize("name", RUN)
def test_an_example_runs_shrunken_and_leaves_its_pictures(name, offline, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for constant, value in {**SMALL, **OWN.get(name, {})}.items():
        if hasattr(module, constant):
            monkeypatch.setattr(module, constant, value)
    module.main()
    found = {path.stem for path in (offline / "demo").glob("*.png")}
    assert found == set(PICTURES[name])
    assert "takes its place" in capsys.readouterr().out.replace("take their place", "takes its place")


def test_every_example_is_in_the_gallery():
    gallery = (FOLDER.parent / "docs/gallery.md").read_text()
    names = {path.stem for path in FOLDER.glob("*.py")} - {"found"}
    assert [name for name in sorted(names) if f"examples/{name}.py" not in gallery] == []
