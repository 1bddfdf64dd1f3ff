"""Layers and activations that Keras 1 and 2 had and Keras 3 has not: found by name where an old model asks for them."""

from tricera.layers.past.activation import ParametricSoftplus as ParametricSoftplus
from tricera.layers.past.activation import SReLU as SReLU
from tricera.layers.past.activation import ThresholdedReLU as ThresholdedReLU
from tricera.layers.past.activation import hard_sigmoid_v2 as hard_sigmoid_v2
from tricera.layers.past.dense import Highway as Highway
from tricera.layers.past.dense import MaxoutDense as MaxoutDense
from tricera.layers.past.embedding import WordDropoutEmbedding as WordDropoutEmbedding
from tricera.layers.past.local import LocallyConnected1D as LocallyConnected1D
from tricera.layers.past.local import LocallyConnected2D as LocallyConnected2D
from tricera.layers.past.norm import BatchStatisticsNormalization as BatchStatisticsNormalization
from tricera.layers.past.norm import SampleNormalization as SampleNormalization
