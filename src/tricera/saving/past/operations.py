"""TensorFlow operations in graphs of tf.keras, as operations of `keras.ops`."""

from collections.abc import Callable
from typing import Any

Form = dict[str, Any]

LAYERS: dict[str, Callable[[Form], Form]] = {}
