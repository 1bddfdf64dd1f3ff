"""Where the modules of every Keras stood, and which module of Tricera stands for each."""

ROOTS = (
    "tensorflow.keras",
    "tensorflow.python.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tf_keras",
    "keras_core",
    "keras",
)

# Paths below `keras` in Keras 1 and 2 whose names are now kept elsewhere.
MOVED = {
    "backend.common": "backend",
    "backend.load_backend": "backend",
    "backend.numpy_backend": "backend",
    "backend.tensorflow_backend": "backend",
    "backend.theano_backend": "backend",
    "callbacks.callbacks": "callbacks",
    "callbacks.tensorboard_v1": "callbacks",
    "callbacks.tensorboard_v2": "callbacks",
    "engine": "legacy.engine",
    "engine.base_layer": "legacy.engine",
    "engine.input_layer": "legacy.engine",
    "engine.keras_tensor": "legacy.engine",
    "engine.network": "legacy.engine",
    "engine.saving": "legacy.saving",
    "engine.sequential": "legacy.engine",
    "engine.topology": "legacy.engine",
    "engine.training": "legacy.engine",
    "engine.training_arrays": "legacy.engine",
    "engine.training_generator": "legacy.engine",
    "engine.training_utils": "legacy.engine",
    "initializations": "legacy.functions.initializations",
    "layers.advanced_activations": "layers",
    "layers.containers": "models",
    "layers.convolutional": "layers",
    "layers.convolutional_recurrent": "layers",
    "layers.core": "layers",
    "layers.cudnn_recurrent": "layers",
    "layers.embeddings": "layers",
    "layers.experimental": "layers",
    "layers.experimental.preprocessing": "layers",
    "layers.local": "layers",
    "layers.merge": "layers",
    "layers.noise": "layers",
    "layers.normalization": "layers",
    "layers.normalization.batch_normalization": "layers",
    "layers.pooling": "layers",
    "layers.preprocessing": "layers",
    "layers.recurrent": "layers",
    "layers.wrappers": "layers",
    "legacy.layers": "layers",
    "legacy.models": "legacy.layers.graph",
    "objectives": "losses",
    "optimizers.legacy": "optimizers",
    "utils.conv_utils": "utils",
    "utils.data_utils": "utils",
    "utils.generic_utils": "utils",
    "utils.io_utils": "utils",
    "utils.layer_utils": "utils",
    "utils.losses_utils": "utils",
    "utils.metrics_utils": "utils",
    "utils.multi_gpu_utils": "utils",
    "utils.np_utils": "utils",
    "utils.test_utils": "utils",
    "utils.tf_utils": "utils",
    "utils.training_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.visualize_util": "utils",
    "wrappers.scikit_learn": "legacy.scikit",
}

# Other packages that programs import beside Keras, where they are not installed.
BESIDE = {"attention": "legacy.layers.attention"}

# Folders whose files are public modules; of the others in Keras' source, the folder's module has all names.
_OF_MODULES = ("applications", "datasets", "ops", "preprocessing")
_SOURCES = ("src", "api", "_tf_keras.keras", "_tf_keras")


def below_keras(name: str) -> str | None:
    """The part of a module's name after `keras`, whatever stands for `keras`; None for another package's module."""
    for root in ROOTS:
        if name == root or name.startswith(f"{root}."):
            return name[len(root) + 1 :]
    return None


def today(path: str) -> str | None:
    """Where Keras 3 keeps what stood in the module `keras.<path>`; None where that is no module of the past."""
    new = MOVED.get(path)
    return None if new is None or new.startswith("legacy.") else new


def candidates(path: str) -> list[str]:
    """The modules below `tricera` that may stand for `keras.<path>`, best first."""
    for source in _SOURCES:
        if f"{path}.".startswith(f"{source}."):
            inside = path[len(source) + 1 :].removeprefix("legacy.")
            return [MOVED[inside]] if inside in MOVED else _around(inside)
    return [MOVED.get(path, path)]


def _around(path: str) -> list[str]:
    """The public modules that hold what a file of Keras' source defines."""
    parts = path.split(".")
    if parts[0] not in _OF_MODULES:
        return [parts[0]]
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
