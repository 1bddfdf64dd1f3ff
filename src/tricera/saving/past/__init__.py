"""Files of Keras 0.3, 1 and 2, and of tf.keras: their configurations and arrays in the form of Keras 3.

A file of the past is translated once, at the door; nothing behind it knows that the past was different.
"""

from tricera.saving.past import hdf5 as hdf5
from tricera.saving.past import state as state
from tricera.saving.past import text as text
from tricera.saving.past import training as training
from tricera.saving.past import weights as weights
from tricera.saving.past.configs import is_old as is_old
from tricera.saving.past.configs import modern as modern
