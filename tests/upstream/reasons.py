"""Which of Keras' cases are inapplicable, by name and with the reason."""

import fnmatch

# Patterns of `folder/file_test.py::Class::case`, or of whole files; the first that fits says why.
INAPPLICABLE = {
    "backend/tensorflow/*": "another backend",
    "backend/torch/*": "another backend",
    "backend/openvino/*": "another backend",
    "backend/jax/*": "how Keras uses JAX inside",
    "backend/tests/*": "how Keras' backends agree with each other",
    "backend/common/backend_utils_test.py*": "private helpers of the backends",
    "utils/tracking_test.py*": "Keras' private containers",
    "utils/backend_utils_test.py*": "another backend at run time",
    "utils/torch_utils_test.py*": "PyTorch modules as layers",
    "utils/code_stats_test.py*": "a private tool",
    "utils/module_utils_test.py*": "a private helper",
    "trainers/data_adapters/*": "Keras' private adapters",
    "trainers/epoch_iterator_test.py*": "Keras' private iterator",
    "testing/*": "Keras' test helpers",
    "export/*": "files of TensorFlow, OpenVINO and LiteRT",
    "distribution/*": "not there yet",
}


def inapplicable(name: str) -> str | None:
    """Why a case or a file does not count; None where it does."""
    return next((why for pattern, why in INAPPLICABLE.items() if fnmatch.fnmatchcase(name, pattern)), None)
