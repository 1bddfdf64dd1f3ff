"""Tools around models: data sets in Python, seeds, custom objects, downloads, class indicators."""

from tricera import errors
from tricera.callbacks.progress import Progbar as Progbar
from tricera.config import disable_interactive_logging as disable_interactive_logging
from tricera.config import enable_interactive_logging as enable_interactive_logging
from tricera.config import is_interactive_logging_enabled as is_interactive_logging_enabled
from tricera.data.pydataset import PyDataset as PyDataset
from tricera.data.pydataset import Sequence as Sequence
from tricera.engine.dtypes import standardize_dtype as standardize_dtype
from tricera.engine.graph import is_symbolic_leaf as is_keras_tensor
from tricera.engine.random import set_random_seed as set_random_seed
from tricera.engine.registry import (
    CustomObjectScope as CustomObjectScope,
)
from tricera.engine.registry import (
    custom_object_scope as custom_object_scope,
)
from tricera.engine.registry import (
    get_custom_objects as get_custom_objects,
)
from tricera.engine.registry import (
    get_registered_name as get_registered_name,
)
from tricera.engine.registry import (
    get_registered_object as get_registered_object,
)
from tricera.engine.registry import (
    register_keras_serializable as register_keras_serializable,
)
from tricera.models.features import FeatureSpace as FeatureSpace
from tricera.saving import deserialize_keras_object as deserialize_keras_object
from tricera.saving import serialize_keras_object as serialize_keras_object
from tricera.train.data import pack_x_y_sample_weight as pack_x_y_sample_weight
from tricera.train.data import unpack as unpack_x_y_sample_weight
from tricera.utils import bounding_boxes as bounding_boxes
from tricera.utils import legacy as legacy
from tricera.utils.categorical import normalize as normalize
from tricera.utils.categorical import to_categorical as to_categorical
from tricera.utils.diagram.plot import model_to_dot as model_to_dot
from tricera.utils.diagram.plot import plot_model as plot_model
from tricera.utils.files import get_file as get_file
from tricera.utils.graph import get_source_inputs as get_source_inputs
from tricera.utils.image.dataset import image_dataset_from_directory as image_dataset_from_directory
from tricera.utils.image.files import array_to_img as array_to_img
from tricera.utils.image.files import img_to_array as img_to_array
from tricera.utils.image.files import load_img as load_img
from tricera.utils.image.files import save_img as save_img
from tricera.utils.sequences import pad_sequences as pad_sequences
from tricera.utils.series import split_dataset as split_dataset
from tricera.utils.series import timeseries_dataset_from_array as timeseries_dataset_from_array
from tricera.utils.session import clear_session as clear_session
from tricera.utils.settings import Config as Config
from tricera.utils.sounds import audio_dataset_from_directory as audio_dataset_from_directory
from tricera.utils.splits import train_val_test_split as train_val_test_split
from tricera.utils.texts import text_dataset_from_directory as text_dataset_from_directory

__all__ = ["is_keras_tensor", "serialize_keras_object", "unpack_x_y_sample_weight"]

__getattr__ = errors.missing(__name__, globals())
