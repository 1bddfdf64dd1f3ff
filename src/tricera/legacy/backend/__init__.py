"""`keras.backend` of Keras 1 and 2, beyond what Keras 3 kept of it: on symbolic tensors and on arrays alike."""

from typing import Any

from jax import tree_util

from tricera import config, ops
from tricera.engine import naming
from tricera.engine.graph import KerasTensor
from tricera.errors import report
from tricera.legacy.backend import arrays, graph, nn, words
from tricera.transform.blocks import name_scope as name_scope

# The same under the same name, or under another.
_SAME = (
    "abs", "all", "any", "cast", "cos", "equal", "exp", "greater", "greater_equal", "less",
    "less_equal", "log", "logsumexp", "max", "maximum", "min", "minimum", "not_equal", "prod", "round", "sigmoid",
    "sign", "sin", "softplus", "softsign", "sqrt", "square", "squeeze", "stack", "std", "sum", "tanh",
    "transpose", "var",
)  # fmt: skip
OPS = dict(zip(_SAME, _SAME, strict=True)) | {"pow": "power", "lesser": "less", "lesser_equal": "less_equal"}
_PREFIXES: dict[str, int] = {}


def find(name: str) -> Any:
    """The function of the old backend by this name; None where there was none."""
    found = _defined(name)
    return None if found is None else words.understood(name, found)


def _defined(name: str) -> Any:
    if name in OPS:
        return getattr(ops, OPS[name])
    for module in (arrays, graph, nn):
        if name in vars(module) and getattr(vars(module)[name], "__module__", "") == module.__name__:
            return vars(module)[name]
    return globals().get(name) if name in _HERE else None


def image_dim_ordering():
    """ "th" where channels stand before the sizes, else "tf"."""
    return "th" if config.image_data_format() == "channels_first" else "tf"


def set_image_dim_ordering(dim_ordering):
    """Say where channels stand, as Keras 1 said it."""
    config.set_image_data_format({"th": "channels_first", "tf": "channels_last"}[dim_ordering])


def normalize_data_format(value):
    """A data format, or the default one."""
    return value or config.image_data_format()


def get_uid(prefix=""):
    """The next whole number for a prefix: 1, 2, ..."""
    _PREFIXES[prefix] = _PREFIXES.get(prefix, 0) + 1
    return _PREFIXES[prefix]


def reset_uids():
    """Start counting anew, names of layers too."""
    _PREFIXES.clear()
    naming.reset()


def manual_variable_initialization(value):
    """Says nothing here: variables have their values from the start."""


def legacy_weight_ordering():
    """Whether weights are ordered as before Keras 1: never."""
    return False


def set_legacy_weight_ordering(value):
    """Says nothing here: the order of weights is that of the layers."""


def symbolic(func):
    """The function itself: nothing here needs a graph around it."""
    return func


eager = symbolic


class _Session:
    """Stands for TensorFlow's session where it is passed around, and runs tensors of graphs as `K.function` does."""

    graph = None

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *exc: Any) -> None:
        """Says nothing here."""

    def close(self) -> None:
        """Says nothing here."""

    def as_default(self) -> Any:
        """The session itself."""
        return self

    def run(self, fetches: Any, feed_dict: Any = None, **kwargs: Any) -> Any:
        """The values of tensors and variables, in the nesting they are given in; None for what is nothing here."""
        wanted, treedef = tree_util.tree_flatten(fetches, is_leaf=lambda x: isinstance(x, KerasTensor) or x is None)
        given = {key: value for key, value in (feed_dict or {}).items() if isinstance(key, KerasTensor)}
        phases = [value for key, value in (feed_dict or {}).items() if not isinstance(key, KerasTensor)]
        inputs = [*given, *([graph.learning_phase()] if phases else [])]
        known = [x for x in wanted if x is not None]
        try:
            found = iter(graph.function(inputs, known)([*given.values(), *phases[:1]]) if known else [])
        except (TypeError, ValueError) as error:
            what = f"The session cannot run this: {error}"
            raise NotImplementedError(report(what, fix="use `K.function`, or the model.")) from error
        return tree_util.tree_unflatten(treedef, [None if x is None else next(found) for x in wanted])


_session = _Session()


def get_session():
    """Something that stands for a session."""
    return _session


def set_session(session):
    """Says nothing here: there are no sessions."""


_HERE = {
    "eager",
    "get_session",
    "get_uid",
    "image_dim_ordering",
    "legacy_weight_ordering",
    "manual_variable_initialization",
    "name_scope",
    "normalize_data_format",
    "reset_uids",
    "set_image_dim_ordering",
    "set_legacy_weight_ordering",
    "set_session",
    "symbolic",
}
