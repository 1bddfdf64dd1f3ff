"""Numbers, categories, text and sound made ready for a model."""

# ruff: noqa: F401
from tricera.layers.preprocessing.discretization import Discretization
from tricera.layers.preprocessing.encoding import CategoryEncoding
from tricera.layers.preprocessing.hashing import HashedCrossing, Hashing
from tricera.layers.preprocessing.lookup import IntegerLookup, StringLookup
from tricera.layers.preprocessing.normalization import Normalization, Rescaling
from tricera.layers.preprocessing.pipeline import Pipeline
from tricera.layers.preprocessing.spectrogram import MelSpectrogram, STFTSpectrogram
from tricera.layers.preprocessing.text import TextVectorization
