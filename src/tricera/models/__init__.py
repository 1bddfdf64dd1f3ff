"""Models: graphs, stacks and subclasses that can be trained."""

from tricera import errors
from tricera.models.clone import clone_model as clone_model
from tricera.models.functional import Functional as Functional
from tricera.models.model import Model as Model
from tricera.models.sequential import Sequential as Sequential
from tricera.saving import load_model as load_model
from tricera.saving import model_from_json as model_from_json
from tricera.saving import save_model as save_model

__getattr__ = errors.missing(__name__, globals())
