"""Data made ready for training, as Keras 1 and 2 did it."""

from tricera import errors
from tricera.preprocessing import image
from tricera.utils.image.dataset import image_dataset_from_directory as image_dataset_from_directory

__all__ = ["image"]

__getattr__ = errors.missing(__name__, globals())
