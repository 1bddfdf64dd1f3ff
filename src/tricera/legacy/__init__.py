"""Keras 1 and 2: where their modules stood, what they called things, and the few habits that are not names."""

from tricera.legacy import saving as saving
