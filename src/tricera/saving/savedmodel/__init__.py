"""SavedModel folders that tf.keras wrote: the Keras part of them, read without TensorFlow.

The programs of TensorFlow in such a folder are not looked at: model and arrays are those that Keras noted beside them.
"""

from tricera.saving.savedmodel.layout import Reader as Reader
from tricera.saving.savedmodel.layout import folder_of as folder_of
from tricera.saving.savedmodel.layout import is_one as is_one
