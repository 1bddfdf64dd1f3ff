"""Which Keras a program was written for, found from its imports and spellings before it runs."""

import ast
import sys
from collections.abc import Iterator
from typing import NamedTuple

from tricera.legacy import paths

NEWEST = 3

# Names of arguments that only one Keras had.
ARGUMENTS = {
    1: "W_constraint W_regularizer U_regularizer activity_l2 atrous_rate b_constraint b_regularizer border_mode "
    "dim_ordering dropout_U dropout_W filter_length inner_activation inner_init max_q_size nb_epoch nb_feature "
    "nb_filter nb_col nb_row nb_val_samples nb_worker pickle_safe pool_length samples_per_epoch show_accuracy "
    "subsample subsample_length val_samples",
    2: "batch_input_shape decay lr max_queue_size use_multiprocessing",
    3: "auto_scale_loss batch_shape dtype_policy loss_scale_factor zipped",
}
# Names of functions, classes and attributes that only one Keras had.
NAMES = {
    1: "AtrousConv1D AtrousConv2D AtrousConvolution1D AtrousConvolution2D Graph Highway MaxoutDense Merge "
    "TimeDistributedDense merge get_output_shape_for image_dim_ordering set_image_dim_ordering nb_val_samples",
    2: "CuDNNGRU CuDNNLSTM ImageDataGenerator KerasClassifier KerasRegressor Tokenizer batch_dot batch_flatten "
    "evaluate_generator fit_generator get_session gradients int_shape learning_phase multi_gpu_model np_utils "
    "permute_dimensions predict_classes predict_generator predict_proba set_session to_yaml model_from_yaml val_acc",
    3: "",
}
# Modules below `keras` that only one Keras had.
MODULES = {
    1: "initializations objectives utils.visualize_util layers.containers engine.topology.merge",
    2: "engine legacy preprocessing.text preprocessing.image utils.np_utils utils.generic_utils utils.vis_utils "
    "utils.data_utils utils.multi_gpu_utils wrappers layers.convolutional layers.core layers.recurrent layers.merge "
    "layers.advanced_activations layers.embeddings layers.normalization layers.pooling layers.wrappers layers.local "
    "layers.noise layers.cudnn_recurrent layers.experimental estimator",
    3: "ops random saving src tree distribution quantizers dtype_policies",
}
# What programs asked of Python 2 to be like Python 3: no Keras 3 ran on both.
FUTURES = {"absolute_import": 2, "division": 2, "print_function": 2, "unicode_literals": 2}
_TOO_COMMON = {
    "KerasClassifier",
    "KerasRegressor",
    "predict_proba",
    "Graph",
    "Highway",
    "Merge",
    "Tokenizer",
    "merge",
}  # other packages have attributes of these names
_ARGUMENTS = {name: number for number, names in ARGUMENTS.items() for name in names.split()}
_NAMES = {name: number for number, names in NAMES.items() for name in names.split()}
_MODULES = {name: number for number, names in MODULES.items() for name in names.split()}


VERSIONS = {1: "1.2.2", 2: "2.3.1", 3: "3.15.1"}  # what `keras.__version__` says
_current = [NEWEST]


def current() -> int:
    """The generation whose habits hold in this process."""
    return _current[0]


def of_tensorflow() -> bool:
    """Whether the program asks for Keras by TensorFlow's paths, or as `tf_keras`."""
    return any(name in sys.modules for name in ("tensorflow.keras", "tf_keras.layers", "tf_keras.models"))


def settle(number: int) -> None:
    """Let the habits of a generation hold."""
    _current[0] = number


class Evidence(NamedTuple):
    """What speaks for one Keras, and where it stands."""

    generation: int
    what: str
    line: int


def generation(source: str) -> tuple[int, Evidence | None]:
    """The Keras that a program was written for, and what says so; the newest where nothing does.

    Words of Keras 3 win, for no older one knew them; then those of Keras 1, which Keras 2 did away with.
    """
    try:
        found = sorted(evidence(ast.parse(source)), key=lambda each: each.line)
    except (SyntaxError, ValueError):  # Python says it when the program runs
        found = []
    for number in (3, 1, 2):
        for each in found:
            if each.generation == number:
                return number, each
    return NEWEST, None


def evidence(tree: ast.AST) -> Iterator[Evidence]:
    """Everything in a program that speaks for one Keras."""
    for node in ast.walk(tree):
        for known, name in _words(node):
            if name in known:
                yield Evidence(known[name], name, getattr(node, "lineno", 0))


def _words(node: ast.AST) -> Iterator[tuple[dict[str, int], str]]:
    """The names that a piece of a program uses, each with the table that may know it."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from _module(alias.name)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield from _module(node.module or "")
        if node.module == "__future__":
            yield from ((FUTURES, alias.name) for alias in node.names)
        if paths.below_keras(node.module or "") is not None or node.module == "tensorflow":
            for alias in node.names:
                yield from _module(f"{node.module}.{alias.name}")
                yield _NAMES, alias.name
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            yield _ARGUMENTS, keyword.arg or ""
    elif isinstance(node, ast.Attribute):
        yield _NAMES, "" if node.attr in _TOO_COMMON else node.attr
        if node.attr == "keras" and isinstance(node.value, ast.Name) and node.value.id in ("tf", "tensorflow"):
            yield {"tf.keras": 2}, "tf.keras"
    elif isinstance(node, ast.FunctionDef):
        yield _NAMES, node.name


def _module(name: str) -> Iterator[tuple[dict[str, int], str]]:
    if name.startswith(("tensorflow.keras", "tf_keras")):
        yield {name: 2}, name
    path = paths.below_keras(name)
    parts = path.split(".") if path else []
    for length in range(len(parts), 0, -1):
        below = ".".join(parts[:length])
        yield {name: _MODULES[below]} if below in _MODULES else {}, name
