"""Images for training, as in Keras 1 and 2: augmented in batches, from arrays, folders and tables."""

from tricera import errors
from tricera.preprocessing.image.arrays import NumpyArrayIterator as NumpyArrayIterator
from tricera.preprocessing.image.dataframe import DataFrameIterator as DataFrameIterator
from tricera.preprocessing.image.directory import DirectoryIterator as DirectoryIterator
from tricera.preprocessing.image.generator import ImageDataGenerator as ImageDataGenerator
from tricera.preprocessing.image.iterator import Iterator as Iterator
from tricera.preprocessing.image.pixels import (
    apply_affine_transform as apply_affine_transform,
)
from tricera.preprocessing.image.pixels import (
    apply_brightness_shift as apply_brightness_shift,
)
from tricera.preprocessing.image.pixels import (
    apply_channel_shift as apply_channel_shift,
)
from tricera.preprocessing.image.pixels import (
    apply_transform as apply_transform,
)
from tricera.preprocessing.image.pixels import (
    flip_axis as flip_axis,
)
from tricera.preprocessing.image.pixels import (
    random_brightness as random_brightness,
)
from tricera.preprocessing.image.pixels import (
    random_channel_shift as random_channel_shift,
)
from tricera.preprocessing.image.pixels import (
    random_rotation as random_rotation,
)
from tricera.preprocessing.image.pixels import (
    random_shear as random_shear,
)
from tricera.preprocessing.image.pixels import (
    random_shift as random_shift,
)
from tricera.preprocessing.image.pixels import (
    random_zoom as random_zoom,
)
from tricera.preprocessing.image.warp import transform_matrix_offset_center as transform_matrix_offset_center
from tricera.utils.folders import list_pictures as list_pictures
from tricera.utils.image.files import array_to_img as array_to_img
from tricera.utils.image.files import img_to_array as img_to_array
from tricera.utils.image.files import load_img as load_img
from tricera.utils.image.files import save_img as save_img
from tricera.utils.image.files import smart_resize as smart_resize

__getattr__ = errors.missing(__name__, globals())
