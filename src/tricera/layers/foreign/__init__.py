"""Layers around what others compute: functions of JAX, modules of Flax; and why not those of other frameworks."""

from tricera.layers.foreign.functions import JaxLayer as JaxLayer
from tricera.layers.foreign.modules import FlaxLayer as FlaxLayer
from tricera.layers.foreign.refused import TFSMLayer as TFSMLayer
from tricera.layers.foreign.refused import TorchModuleWrapper as TorchModuleWrapper
