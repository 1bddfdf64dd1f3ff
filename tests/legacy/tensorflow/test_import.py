"""Which `tensorflow` a program gets, and what it is told of names that are not there."""

from pathlib import Path

import pytest

from tests.legacy.test_doors import python
from tricera.legacy import beside
from tricera.legacy import tensorflow as tf

ROOT = Path(__file__).parents[3]


def test_every_name_that_is_listed_is_there():
    for name in dir(tf):
        getattr(tf, name)


def test_a_name_that_is_not_there():
    for name, fix in (
        ("reduce_meen", "did you mean 'reduce_mean'?"),
        ("estimator", "write it with `keras.ops` (NumPy's names), or with NumPy before the data reach Keras."),
    ):
        with pytest.raises(AttributeError) as error:
            getattr(tf, name)
        assert str(error.value) == (
            f"tensorflow.{name}: Tricera's stand-in for TensorFlow does not have it.\n"
            "  expected: what scripts for Keras use of TensorFlow: docs/tensorflow.md lists it\n"
            f"  fix:      {fix}"
        )


@pytest.mark.parametrize(
    "program, covered",
    [
        ("import tensorflow as tf\ntf.keras.anything.at_all; tf.reduce_mean(x).foo; tf.data.Dataset.range(3)", True),
        ("import tensorflow as tf\ntf.math.reduce_mean(x); tf.estimator.Estimator()", False),
        ("from tensorflow.keras.layers import Dense\nfrom tensorflow import keras", True),
        ("from tensorflow.python.ops import math_ops", False),
        ("import tensorflow.compat.v1 as tf1\ntf1.disable_eager_execution()", True),
        ("from tensorflow import feature_column", False),
        (None, False),
    ],
)
def test_whether_the_stand_in_is_enough(program, covered):
    assert beside.covers(program) is covered


PROGRAM = """
import sys
import tensorflow as tf
from tensorflow.keras.layers import Dense
import tricera
assert Dense is tricera.layers.Dense and tf.keras is tricera
assert tf.keras.__name__ == "tricera"
{more}
"""


@pytest.mark.parametrize("installed", [False, True])
def test_the_stand_in_where_it_is_enough(tmp_path, installed):
    if installed:
        (tmp_path / "tensorflow").mkdir()
        (tmp_path / "tensorflow" / "__init__.py").write_text("raise ImportError('not needed')")
    more = "import tensorflow.math\nfrom tensorflow.data import AUTOTUNE\nprint(tf.reduce_sum([1, 2]).numpy())"
    out, err = python("-m", "tricera", "-c", PROGRAM.format(more=more), PYTHONPATH=f"{ROOT / 'src'}:{tmp_path}")
    assert out == "3\n" and err.startswith("tricera: Keras 2 code (line 4: tensorflow.keras.layers)")


def test_tensorflow_itself_where_it_is_installed_and_needed(tmp_path):
    package = tmp_path / "tensorflow"
    package.mkdir()
    (package / "__init__.py").write_text("import keras\nanswer = 42\n")
    (package / "inner.py").write_text("import tensorflow\nvalue = tensorflow.answer + 1\n")
    (tmp_path / "tensorflow-9.9.dist-info").mkdir()
    (tmp_path / "tensorflow-9.9.dist-info" / "METADATA").write_text("Name: tensorflow\nVersion: 9.9\n")
    more = (
        "assert type(tf).__name__ == '_Lazy' and tf.__version__ == '9.9'\n"
        "print(tf.answer, tf.keras is tricera, type(sys.modules['tensorflow']).__name__)\n"
        "from tensorflow.inner import value\nprint(value)"
    )
    path = f"{ROOT / 'src'}:{tmp_path}"
    out, _ = python("-m", "tricera", "--quiet", "-c", PROGRAM.format(more=more), PYTHONPATH=path)
    assert out == "42 True module\n43\n"
    lazily = "import tricera; tricera.install()\n" + PROGRAM.format(
        more="from tensorflow.inner import value; print(value)"
    )
    assert python("-c", lazily, PYTHONPATH=path)[0] == "43\n"
