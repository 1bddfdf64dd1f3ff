"""Calls of functions in today's spelling, where more than the name is another: arguments, or a whole expression."""

from typing import NamedTuple

from tricera.legacy import generation
from tricera.legacy.functions import arguments
from tricera.legacy.upgrade.calls import Call, rename


class Row(NamedTuple):
    """Where Keras 3 has a function, and what became of its arguments, in their order.

    Attributes:
        names: old name -> today's.
        defaults: old name -> what it was where it was left out, if today's default is another.
    """

    path: str
    names: dict[str, str]
    defaults: dict[str, str]


# Function of the backend, path of today, then its arguments: `old`, `old=new`, and `:default` where it is another.
_OF_BACKEND = """
    arange ops.arange start stop step dtype:'int32'
    argmax ops.argmax x axis:-1
    argmin ops.argmin x axis:-1
    binary_crossentropy ops.binary_crossentropy target output from_logits
    categorical_crossentropy ops.categorical_crossentropy target output from_logits axis
    clip ops.clip x min_value=x_min max_value=x_max
    concatenate ops.concatenate tensors=xs axis:-1
    cumprod ops.cumprod x axis:0
    cumsum ops.cumsum x axis:0
    dot ops.dot x=x1 y=x2
    dropout random.dropout x=inputs level=rate noise_shape seed
    elu ops.elu x alpha
    expand_dims ops.expand_dims x axis:-1
    get_value ops.convert_to_numpy x
    mean ops.mean x axis keepdims
    one_hot ops.one_hot indices=x num_classes
    ones_like ops.ones_like x dtype
    permute_dimensions ops.transpose x pattern=axes
    random_normal random.normal shape mean stddev dtype seed
    random_uniform random.uniform shape minval maxval dtype seed
    relu ops.relu x
    repeat_elements ops.repeat x rep=repeats axis
    reshape ops.reshape x shape=newshape
    shape ops.shape x
    softmax ops.softmax x axis
    sparse_categorical_crossentropy ops.sparse_categorical_crossentropy target output from_logits axis
    stop_gradient ops.stop_gradient variables=variable
    tile ops.tile x n=repeats
    zeros_like ops.zeros_like x dtype
"""
_SWAPPED = ("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")  # in Keras 1
# Functions of the backend that are expressions today.
EXPRESSIONS = {"int_shape": ("{}.shape", 1), "ndim": ("len({}.shape)", 1), "set_value": ("{}.assign({})", 2)}


def _row(line: str) -> tuple[str, Row]:
    name, path, *told = line.split()
    names, defaults = {}, {}
    for each in told:
        words, _, default = each.partition(":")
        old, _, new = words.partition("=")
        names[old] = new or old
        if default:
            defaults[old] = default
    return name, Row(path, names, defaults)


ROWS = dict(map(_row, _OF_BACKEND.strip().splitlines()))


def row_of(path: str, call: Call) -> Row | None:
    """What became of the function at a path below `keras`; None where this call of it cannot be said so."""
    home, _, name = path.rpartition(".")
    row = ROWS.get(name) if home == "backend" else None
    if row is None or (name in _SWAPPED and generation.current() == 1):
        return None
    plain = len(call.placed()) + len(call.named()) == len(call.args) and len(call.placed()) <= len(row.names)
    return row if plain and set(call.named()) <= set(row.names) else None


def of_row(call: Call, row: Row) -> None:
    """Change the arguments of a call as the row says."""
    told = {*list(row.names)[: len(call.placed())], *call.named()}
    for old, arg in call.named().items():
        call.set(arg, row.names[old])
    for old, value in row.defaults.items():
        if old not in told:
            call.add(row.names[old], value)


def expression(path: str, call: Call) -> str | None:
    """The expression that says a call today; None where a call says it."""
    form, count = EXPRESSIONS.get(path.removeprefix("backend."), ("", 0))
    if not count or len(call.args) != count or len(call.placed()) != count:
        return None
    texts = [call.text(arg) for arg in call.placed()]
    simple = type(call.placed()[0].value).__name__ in ("Name", "Attribute", "Call", "Subscript")
    return form.format(texts[0] if simple else f"({texts[0]})", *texts[1:])


def of_function(path: str, call: Call) -> None:
    """Give the arguments of any other function their names of today."""
    renamed = arguments.ARGUMENTS.get(path, {})
    rename(call, renamed.get, set(renamed.values()))
