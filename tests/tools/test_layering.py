from pathlib import Path

import pytest

import layering

REPOSITORY = Path(__file__).parents[2]


def house(root, files):
    """The offences of a package below `root` of these files."""
    for name, text in files.items():
        path = root / "src/tricera" / (name + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return layering.offences(root)


def test_the_repository_has_no_offence():
    assert layering.offences(REPOSITORY) == []


def test_each_unit_stands_once_in_the_table():
    units = " ".join(layering.ROWS).split()
    assert len(units) == len(set(units)) == len(layering.RANK)


@pytest.mark.parametrize(
    "files",
    [
        {"errors": "", "config": "from tricera.errors import report", "engine/graph": "from tricera import config"},
        {"losses/core": "", "metrics/core": "from tricera.losses.core import mean", "engine/a": "import jax.numpy"},
        {"saving/h5": "def save():\n    import h5py", "callbacks": "", "train/fit": "import tricera.callbacks"},
        {"utils/files": "from tricera.errors import report", "datasets/mnist": "import tricera.utils.files"},
        {"train/data": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas"},
        {"layers/__init__": "from tricera.layers.core import Dense", "layers/core": "from tricera.engine import op"},
    ],
)
def test_what_is_allowed(tmp_path, files):
    assert house(tmp_path, files) == []


@pytest.mark.parametrize(
    ("files", "offence"),
    [
        (
            {"engine/graph": "import jax\nfrom tricera.ops import nn", "ops/nn": ""},
            "src/tricera/engine/graph.py:2: engine may not import tricera.ops.nn",
        ),
        (
            {"engine/graph": "from tricera import kernels"},
            "src/tricera/engine/graph.py:1: engine may not import tricera",
        ),
        (
            {"losses/core": "from tricera.metrics.core import mean", "metrics/core": ""},
            "src/tricera/losses/core.py:1: losses may not import tricera.metrics.core",
        ),
        (
            {"layers/core": "import tricera.nowhere"},
            "src/tricera/layers/core.py:1: layers may not import tricera.nowhere",
        ),
        (
            {"helpers": ""},
            "src/tricera/helpers.py:1: 'helpers' has no place in the table of tools/layering.py",
        ),
        (
            {"ops/nn": "", "ops/math": "from .nn import relu"},
            "src/tricera/ops/math.py:1: relative import; write the full name",
        ),
        (
            {"utils/a": "import tricera.ops", "utils/b": "import tricera.utils.a", "ops/__init__": "",
             "datasets/c": "import tricera.utils.b"},
            "src/tricera/datasets/c.py:1: datasets may not import tricera.utils.b",
        ),
        (
            {"engine/a": "", "layers/core": "class A:\n    def f(self):\n        from tricera.engine import a"},
            "src/tricera/layers/core.py:3: tricera.engine.a is imported inside a function; import it at the top",
        ),
        (
            {"layers/core": "def f():\n    return __import__('json')"},
            "src/tricera/layers/core.py:2: json is imported inside a function; import it at the top",
        ),
        (
            {"saving/h5": "import os\nimport h5py"},
            "src/tricera/saving/h5.py:2: h5py is imported at the top; import it where it is used first",
        ),
        (
            {"ops/a": "import tricera.ops.b", "ops/b": "import tricera.ops.c",
             "ops/c": "import jax\nfrom tricera.ops import a"},
            "src/tricera/ops/a.py:1: import cycle: tricera.ops.a -> tricera.ops.b -> tricera.ops.c -> tricera.ops.a",
        ),
        (
            {"ops/__init__": "from tricera.ops.nn import relu", "ops/nn": "import jax\nfrom tricera.ops import abs"},
            "src/tricera/ops/__init__.py:1: import cycle: tricera.ops -> tricera.ops.nn -> tricera.ops",
        ),
        (
            {f"layers/part{i}": "" for i in range(16)} | {"layers/__init__": ""},
            "src/tricera/layers:1: 16 files; a folder holds at most 15",
        ),
    ],
)  # fmt: skip
def test_each_offence_is_found(tmp_path, files, offence):
    assert house(tmp_path, files) == [offence]


def test_every_cycle_is_found(tmp_path):
    found = house(
        tmp_path,
        {
            "ops/a": "import tricera.ops.b",
            "ops/b": "import tricera.ops.a",
            "ops/c": "import tricera.ops.d",
            "ops/d": "import tricera.ops.c",
        },
    )
    assert found == [
        "src/tricera/ops/a.py:1: import cycle: tricera.ops.a -> tricera.ops.b -> tricera.ops.a",
        "src/tricera/ops/c.py:1: import cycle: tricera.ops.c -> tricera.ops.d -> tricera.ops.c",
    ]


def test_the_command(tmp_path, capsys):
    house(tmp_path, {"engine/a": "import tricera.layers.b", "layers/b": ""})
    assert layering.main(tmp_path) == 1
    assert capsys.readouterr().out == "src/tricera/engine/a.py:1: engine may not import tricera.layers.b\n"
    (tmp_path / "src/tricera/engine/a.py").write_text("")
    assert layering.main(tmp_path) == 0
    assert capsys.readouterr().out == "layering: all imports point down\n"
