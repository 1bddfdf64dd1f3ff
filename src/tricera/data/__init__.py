"""Where batches come from: data sets that can be read again and again, and batches made ahead by threads."""

from tricera import errors
from tricera.data.dataset import AUTOTUNE as AUTOTUNE
from tricera.data.dataset import INFINITE_CARDINALITY as INFINITE_CARDINALITY
from tricera.data.dataset import UNKNOWN_CARDINALITY as UNKNOWN_CARDINALITY
from tricera.data.dataset import Dataset as Dataset
from tricera.data.element import Spec as Spec
from tricera.data.pydataset import PyDataset as PyDataset

__getattr__ = errors.missing(__name__, globals())
