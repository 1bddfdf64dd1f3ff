"""Tricera: Keras as one compiled engine."""

from tricera.engine import device

device.prepare()
