"""Models: graphs, stacks and subclasses that can be trained."""

from tricera.models.functional import Functional as Functional
from tricera.models.model import Model as Model
from tricera.models.sequential import Sequential as Sequential
