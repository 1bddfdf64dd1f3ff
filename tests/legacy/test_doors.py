"""Programs that say `import keras`, as the command line and `install` run them: in processes of their own."""

import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tricera.legacy.layers.attention import Attention

SOURCE = Path(__file__).parents[2] / "src"
PROGRAM = """
import sys
import keras
import tricera
import keras.layers.convolutional
from keras import backend as K
from keras.engine.topology import InputSpec, Layer
from keras.layers.core import Dense, Dropout
from keras.src.layers.core.dense import Dense as SourceDense
from keras.src.ops import numpy as source_numpy
from tf_keras.models import Sequential

assert keras is tricera and keras.layers is tricera.layers and Dense is SourceDense is tricera.layers.Dense
assert Layer is tricera.Layer and InputSpec is tricera.InputSpec and Sequential is tricera.Sequential
assert K is tricera.backend and source_numpy is sys.modules["tricera.ops.numpy"]
assert tricera.engine.__name__ == "tricera.engine" and tricera.layers.__spec__.name == "tricera.layers"
from attention import Attention
assert Attention.__module__ == "tricera.legacy.layers.attention"
print(*sys.argv, __name__)
"""


def python(*arguments, code=0, **environment):
    """What a process of Python prints: its output and its errors."""
    run = subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(SOURCE), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == code, run.stderr
    return run.stdout, run.stderr


def test_a_script_with_its_arguments(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(f"{PROGRAM}from beside import answer\nassert answer == 42\n")
    (tmp_path / "beside.py").write_text("answer = 42\n")
    out, err = python("-m", "tricera", str(script), "--keras", "-c", "x", KERAS_BACKEND="theano")
    assert out == f"{script} --keras -c x __main__\n"
    assert err.startswith("tricera: Keras 3 code (line 9: keras.src.layers.core.dense)\ntricera: old spellings")


def test_code_and_the_generation_that_was_asked_for():
    out, err = python("-m", "tricera", "--keras", "2", "-c", "import sys, keras; print(sys.argv)", "a", "-m")
    assert (out, err) == ("['-c', 'a', '-m']\n", "tricera: Keras 2 code\n")


def test_a_module(tmp_path):
    (tmp_path / "job.py").write_text("import keras, sys\nprint(sys.argv[1:], __name__, keras.__name__)\n")
    out, err = python("-m", "tricera", "run", "--quiet", "-m", "job", "--fast", PYTHONPATH=f"{SOURCE}:{tmp_path}")
    assert (out, err) == ("['--fast'] __main__ tricera\n", "")


def test_install_says_it_once_and_refuses_beside_keras():
    program = """
import sys, types
import tricera
tricera.install(); tricera.install()
assert sum(type(finder).__name__ == "_Door" for finder in sys.meta_path) == 1
from keras.layers.recurrent import LSTM
assert LSTM is tricera.layers.LSTM
try:
    import keras.layers.recurent
except ModuleNotFoundError as error:
    print(error)
sys.modules["keras"] = types.ModuleType("keras")
sys.modules["keras"].__file__ = "keras/__init__.py"
try:
    tricera.install()
except ImportError as error:
    print(error)
"""
    out, _ = python("-c", program)
    assert out.splitlines() == [
        "No module named 'keras.layers.recurent': Tricera has nothing that stands for it.",
        "  fix:      did you mean 'layers.recurrent'?",
        "Keras itself has been imported already, and two libraries cannot have one name.",
        "  got:      keras/__init__.py",
        "  fix:      call `tricera.install()` before anything imports keras, or run `python -m tricera script.py`.",
    ]


@pytest.mark.parametrize(
    "arguments, message", [((), "name a script, or `-m module`, or `-c code`"), (("no.py",), "no file")]
)
def test_a_command_that_names_nothing(arguments, message):
    _, err = python("-m", "tricera", *arguments, code=2 if not arguments else 1)
    assert message in err


def test_the_attention_layer_of_old_notes():
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    for score in ("luong", "bahdanau"):
        layer = Attention(units=4, score=score)
        y = layer(x)
        h, last = x, x[:, -1]
        match, vector = layer.match.kernel.numpy(), layer.vector.kernel.numpy()
        if score == "luong":
            scores = np.einsum("bsf,fg,bg->bs", h, match, last)
        else:
            inner = np.tanh(h @ match + (last @ layer.match_last.kernel.numpy())[:, None])
            scores = (inner @ layer.weigh.kernel.numpy())[..., 0]
        weights = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        context = (weights[..., None] * h).sum(1)
        np.testing.assert_allclose(y, np.tanh(np.concatenate([context, last], 1) @ vector), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError) as error:
        Attention(score="cosine")
    assert str(error.value) == "Attention: unknown score.\n  expected: luong or bahdanau\n  got:      'cosine'"


IPYTHON = """
import importlib, types
hooks = []
events = types.SimpleNamespace(
    register=lambda *hook: hooks.append(hook),
    unregister=lambda *hook: hooks.remove(hook),
)
shell = types.SimpleNamespace(events=events)
extension = importlib.import_module("tricera")
extension.load_ipython_extension(shell)
[(name, before)] = hooks
assert name == "pre_run_cell"
for cell in ("import keras", "from keras.layers.core import Dense", "import tensorflow as tf; print(tf.__name__)"):
    before(types.SimpleNamespace(raw_cell=cell))
    exec(cell)
assert keras is extension and Dense is extension.layers.Dense
extension.unload_ipython_extension(shell)
assert not hooks
"""


def test_the_extension_of_ipython():
    out, err = python("-c", IPYTHON)
    assert out == "tricera.legacy.tensorflow\n"
    assert err.startswith("tricera: Keras 2 code (line 1: keras.layers.core)\ntricera: old spellings")


def test_the_plugin_of_pytest_which_is_asked_for(tmp_path):
    (tmp_path / "conftest.py").write_text("import keras\n")
    (tmp_path / "test_it.py").write_text(
        "import keras, tricera\nfrom tricera.legacy import generation\n"
        "def test(): assert keras is tricera and generation.current() == 2\n"
    )
    run = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "tricera.alias.pytest", "--rootdir", str(tmp_path))
    out, _ = python(*run, "--keras", "2", str(tmp_path))
    assert "1 passed" in out
    import_first = "import sys, types; sys.modules['keras'] = types.ModuleType('keras'); import pytest; "
    program = f"{import_first}sys.exit(pytest.main({[*run[2:], str(tmp_path)]}))"
    _, err = python("-c", program, code=4)
    assert "Keras itself has been imported already, and two libraries cannot have one name." in err
    assert not any("tricera" in entry.value for entry in importlib.metadata.entry_points(group="pytest11"))


def test_variables_that_scripts_set_do_no_harm():
    program = "import os; os.environ.update(CUDA_VISIBLE_DEVICES='-1', KERAS_BACKEND='theano'); import keras; "
    out, _ = python("-m", "tricera", "--quiet", "-c", f"{program}print(keras.backend.backend())")
    assert out == "jax\n"
    assert python("-c", "from tricera.__main__ import main; main(['run', '-c', 'import keras'])")[0] == ""
