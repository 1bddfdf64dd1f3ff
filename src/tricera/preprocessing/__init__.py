"""Data made ready for training, as Keras 1 and 2 did it."""

from tricera import errors
from tricera.preprocessing import image, scaling, sequence, text, timeseries, vectors
from tricera.utils.image.dataset import image_dataset_from_directory as image_dataset_from_directory
from tricera.utils.series import timeseries_dataset_from_array as timeseries_dataset_from_array
from tricera.utils.texts import text_dataset_from_directory as text_dataset_from_directory

__all__ = ["image", "scaling", "sequence", "text", "timeseries", "vectors"]

__getattr__ = errors.missing(__name__, globals())
