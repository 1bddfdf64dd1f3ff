"""`tf.compat`: `v1` has what scripts of TensorFlow 1 said around Keras, beside the names of `tf` itself."""

import logging as _logging
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

from tricera.legacy import backend
from tricera.legacy.tensorflow import random

_HERE = sys.modules[__name__]


def disable_eager_execution():
    """Says nothing here: `K.function` and models compile what they are given."""


enable_eager_execution = enable_v2_behavior = disable_v2_behavior = disable_v2_tensorshape = disable_eager_execution


class Session(type(backend.get_session())):
    """Stands for a session that is only passed around."""

    def __init__(self, target: str = "", graph: Any = None, config: Any = None):
        self.config = config


InteractiveSession = Session


def ConfigProto(**options: Any) -> Any:
    """Accepts settings of a session, which say nothing here."""
    return SimpleNamespace(**{"gpu_options": SimpleNamespace(), **options})


GPUOptions = OptimizerOptions = SimpleNamespace
set_random_seed = random.set_seed
random_normal, random_uniform, truncated_normal = random.normal, random.uniform, random.truncated_normal


def global_variables_initializer() -> None:
    """Says nothing here: variables have their values from the start."""


local_variables_initializer = tables_initializer = global_variables_initializer
initialize_all_variables = global_variables_initializer


def reset_default_graph() -> None:
    """`clear_session`."""
    backend.reset_uids()


def get_default_graph() -> Any:
    """Stands for a graph that is only passed around."""
    return Session()


class logging:
    """`tf.logging`: Python's logger `tensorflow`."""

    DEBUG, INFO, WARN, WARNING, ERROR, FATAL = (
        _logging.DEBUG,
        _logging.INFO,
        _logging.WARNING,
        _logging.WARNING,
        _logging.ERROR,
        _logging.CRITICAL,
    )
    set_verbosity = staticmethod(lambda level: _logging.getLogger("tensorflow").setLevel(level))
    info = staticmethod(_logging.getLogger("tensorflow").info)
    warning = warn = staticmethod(_logging.getLogger("tensorflow").warning)
    error = staticmethod(_logging.getLogger("tensorflow").error)


OLD = (
    "ConfigProto", "GPUOptions", "InteractiveSession", "OptimizerOptions", "Session", "enable_eager_execution",
    "get_default_graph", "global_variables_initializer", "initialize_all_variables", "local_variables_initializer",
    "logging", "random_normal", "random_uniform", "reset_default_graph", "set_random_seed", "truncated_normal",
)  # fmt: skip


class _Version(ModuleType):
    """`tf.compat.v1` and `v2`: the names above, and those of `tf`."""

    def __getattr__(self, name: str) -> Any:
        if self.__name__.endswith("1") and not name.startswith("_") and name in vars(_HERE):
            return vars(_HERE)[name]
        return getattr(sys.modules["tricera.legacy.tensorflow"], name)


v1, v2 = _Version("tensorflow.compat.v1"), _Version("tensorflow.compat.v2")
