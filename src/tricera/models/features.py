"""Tables of columns as vectors: each column made ready in its own way."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tricera import ops, saving
from tricera.engine import naming, registry, scope
from tricera.engine.configured import Configured
from tricera.engine.graph import is_symbolic_leaf
from tricera.engine.inputs import where
from tricera.engine.layer import Layer
from tricera.engine.registry import register
from tricera.errors import report
from tricera.layers.arguments import check_choice
from tricera.layers.core import Identity, Input
from tricera.layers.preprocessing.discretization import Discretization
from tricera.layers.preprocessing.encoding import CategoryEncoding
from tricera.layers.preprocessing.hashing import HashedCrossing, Hashing
from tricera.layers.preprocessing.host import to_array
from tricera.layers.preprocessing.lookup import IntegerLookup, StringLookup
from tricera.layers.preprocessing.normalization import Normalization, Rescaling

# Where Keras has them: files name these places, and are found by them.
_IN_KERAS = "keras.src.layers.preprocessing.feature_space"
registry.MODULES.update(feature=_IN_KERAS, utility="keras.utils")
_COLUMN = 5  # steps, of about 0.2 ms, that making one takes


@register("layer")
@register("feature")
class TFDIdentity(Identity):
    """The identity of columns of numbers, by the name that files have for it."""


@register("feature")
class Feature(Configured):
    """A column: the dtype of its values, the layer that makes them ready, and how that layer's result is given.

    Args:
        output_mode: `"int"` or `"float"`, as it is; `"one_hot"`, whole numbers as vectors.

    Raises:
        ValueError: another `output_mode`.
    """

    modes = ("int", "one_hot", "float")

    def __init__(self, dtype, preprocessor, output_mode):
        self.dtype, self.output_mode, self.name = dtype, output_mode, "feature"
        self.preprocessor = registry.deserialize(preprocessor, registry.LAYERS)
        check_choice(self, self.modes, output_mode=output_mode)

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@register("feature")
class Cross(Configured):
    """The combination of several columns, hashed into `crossing_dim` bins."""

    def __init__(self, feature_names, crossing_dim, output_mode="one_hot"):
        self.feature_names, self.crossing_dim, self.output_mode = tuple(feature_names), crossing_dim, output_mode
        self.name = "_X_".join(self.feature_names)
        check_choice(self, Feature.modes[:2], output_mode=output_mode)


@register("layer")
@register("utility")
class FeatureSpace(Layer):
    """A dict of columns as one vector for each row, or as a dict of them.

    Shapes: a dict of `(batch,)` or `(batch, 1)` `-> (batch, features)`; a dict of single values `-> (features,)`.

    Args:
        features: for each column `FeatureSpace.float()` and its like, or their names.
        output_mode: `"concat"` for one vector, of the columns in the order of their names and then the crosses;
            `"dict"`.
        crosses: tuples of names of columns whose combinations are features, too.
        crossing_dim, hashing_dim, num_discretization_bins: how many bins there are where nothing else is said.

    Raises:
        ValueError: no features, unknown ones, or a call before `adapt`.
    """

    on_host = True

    def __init__(
        self,
        features,
        output_mode="concat",
        crosses=None,
        crossing_dim=32,
        hashing_dim=32,
        num_discretization_bins=32,
        name=None,
    ):
        super().__init__(name=name)
        if not features:
            raise ValueError(report(f"{where(self)}: The `features` argument cannot be None or empty."))
        check_choice(self, ("concat", "dict"), output_mode=output_mode)
        scope.spend(where(self), steps=_COLUMN * (len(features) + len(crosses or ())))
        self.output_mode, self.crossing_dim = output_mode, crossing_dim
        self.hashing_dim, self.num_discretization_bins = hashing_dim, num_discretization_bins
        self.features = {name: self._feature(name, each) for name, each in features.items()}
        self.crosses = [self._cross(each) for each in crosses or []]
        self.preprocessors = {name: each.preprocessor for name, each in self.features.items()}
        self.crossers = {each.name: HashedCrossing(each.crossing_dim, name=each.name) for each in self.crosses}
        self.one_hot_encoders: dict[str, Any] = {}
        self.inputs = {name: Input((1,), dtype=each.dtype, name=name) for name, each in self.features.items()}
        self._encoded = None
        self._adapted = not self._adaptable()

    def _feature(self, name: str, given: Any) -> Feature:
        if isinstance(given, dict):
            return registry.deserialize(given, "feature")
        if isinstance(given, Feature):
            return given
        sizes = {"float_discretized": self.num_discretization_bins}
        sizes |= dict.fromkeys(("integer_hashed", "string_hashed"), self.hashing_dim)
        check_choice(self, KINDS, features=given)
        return getattr(type(self), given)(*([sizes[given]] if given in sizes else []), name=name)

    def _cross(self, given: Any) -> Cross:
        cross = registry.deserialize(given, "feature") if isinstance(given, dict) else given
        cross = cross if isinstance(cross, Cross) else Cross(cross, self.crossing_dim)
        unknown = [name for name in cross.feature_names if name not in self.features]
        if unknown:
            what = "All features referenced in the `crosses` argument should be present in the `features` dict."
            raise ValueError(report(f"{where(self)}: {what}", expected=", ".join(self.features), got=unknown))
        return cross

    # ---- kinds of columns

    @classmethod
    def cross(cls, feature_names, crossing_dim, output_mode="one_hot"):
        """Columns whose combinations are a feature."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def feature(cls, dtype, preprocessor, output_mode):
        """A column that a layer of the user's makes ready."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name=None):
        """Numbers as they are."""
        return Feature("float32", TFDIdentity(name=_named(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale=1.0, offset=0.0, name=None):
        """`scale * x + offset`."""
        return Feature("float32", Rescaling(scale, offset, name=_named(name, "float_rescaled")), "float")

    @classmethod
    def float_normalized(cls, name=None):
        """Numbers of mean 0 and variance 1."""
        return Feature("float32", Normalization(axis=-1, name=_named(name, "float_normalized")), "float")

    @classmethod
    def float_discretized(cls, num_bins, bin_boundaries=None, output_mode="one_hot", name=None):
        """Numbers by the bin that they lie in."""
        bins = {"bin_boundaries": bin_boundaries} if bin_boundaries is not None else {"num_bins": num_bins}
        return Feature("float32", Discretization(**bins, name=_named(name, "float_discretized")), output_mode)

    @classmethod
    def integer_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None):
        """Whole numbers by their place in a vocabulary."""
        layer = IntegerLookup(max_tokens, num_oov_indices, name=_named(name, "integer_categorical"))
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(cls, max_tokens=None, num_oov_indices=1, output_mode="one_hot", name=None):
        """Text by its place in a vocabulary."""
        layer = StringLookup(max_tokens, num_oov_indices, name=_named(name, "string_categorical"))
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(cls, num_bins, output_mode="one_hot", name=None):
        """Whole numbers by their hash."""
        return Feature("int32", Hashing(num_bins, name=_named(name, "integer_hashed")), output_mode)

    @classmethod
    def string_hashed(cls, num_bins, output_mode="one_hot", name=None):
        """Text by its hash."""
        return Feature("string", Hashing(num_bins, name=_named(name, "string_hashed")), output_mode)

    # ---- adapting

    def _adaptable(self) -> list[str]:
        """The columns whose layers have to see data first."""

        def given(layer: Any) -> bool:
            layer = getattr(layer, "_lookup_layer", layer)  # of a TextVectorization
            known = (getattr(layer, name, None) for name in ("input_mean", "input_vocabulary"))
            return any(each is not None for each in known) or getattr(layer, "num_bins", 0) is None

        return [name for name, layer in self.preprocessors.items() if hasattr(layer, "adapt") and not given(layer)]

    def adapt(self, dataset):
        """Let all layers see the columns of a dict, or of the dicts of an iterable, which is read once for each.

        Raises:
            ValueError: it is neither.
        """
        if not isinstance(dataset, dict) and not hasattr(dataset, "__iter__"):
            what = "`adapt()` can only be called on a dict of arrays, or a data set of such."
            raise ValueError(report(f"{where(self)}: {what}", got=type(dataset).__name__))
        for name in self._adaptable():
            columns = _column(dataset[name]) if isinstance(dataset, dict) else _columns(dataset, name)
            self.preprocessors[name].adapt(columns)
        self._adapted, self._encoded, self.one_hot_encoders, self.built = True, None, {}, True

    # ---- encoding

    def get_inputs(self):
        """The symbolic columns, for a model that begins with raw ones."""
        self._require()
        return self.inputs

    def get_encoded_features(self):
        """The symbolic features of `get_inputs()`."""
        self._require()
        if self._encoded is None:
            self._encoded = self._features_of(self.inputs)
        return self._encoded

    def _require(self) -> None:
        if not self._adapted:
            what = "You need to call `.adapt(dataset)` on the FeatureSpace before you can start using it."
            raise ValueError(report(f"{where(self)}: {what}", got=f"no data yet for {', '.join(self._adaptable())}"))

    def __call__(self, data):
        self._require()
        if not isinstance(data, dict):
            raise ValueError(report(f"{where(self)}: A FeatureSpace can only be called with a dict.", got=repr(data)))
        given = {name: each if is_symbolic_leaf(each) else to_array(each) for name, each in data.items()}
        single = any(each.ndim == 0 for each in given.values())
        found = self._features_of({name: _column(each) for name, each in given.items()})
        if not single:
            return found
        return {name: each[0] for name, each in found.items()} if isinstance(found, dict) else found[0]

    def _features_of(self, columns: dict[str, Any]) -> Any:
        ready = {name: self.preprocessors[name](column) for name, column in columns.items()}
        crossed = {each.name: self.crossers[each.name]([ready[n] for n in each.feature_names]) for each in self.crosses}
        specs = {**self.features, **{each.name: each for each in self.crosses}}
        found = {
            name: self._encoder(name)(x) if specs[name].output_mode == "one_hot" else x
            for part in (ready, crossed)
            for name, x in sorted(part.items())
        }
        if self.output_mode == "dict":
            return found
        for name, x in found.items():
            if not str(x.dtype).startswith(("float", "bfloat")):
                raise ValueError(
                    report(
                        f"{where(self)}: Cannot concatenate features because feature '{name}' has not been encoded.",
                        got=f"dtype {x.dtype}",
                        fix="`output_mode='dict'`, or `output_mode='one_hot'` of the feature.",
                    )
                )
        return ops.concatenate(list(found.values()), axis=-1)

    def _encoder(self, name: str) -> CategoryEncoding:
        if name not in self.one_hot_encoders:
            layer = self.preprocessors.get(name) or self.crossers[name]
            size = getattr(layer, "num_tokens", None) or getattr(layer, "num_bins", None)
            if isinstance(layer, Discretization) and size is None:
                size = len(layer.bin_boundaries) + 1
            if hasattr(layer, "vocabulary_size"):
                size = layer.vocabulary_size()
            if size is None:
                raise ValueError(
                    report(
                        f"{where(self)}: Feature '{name}' has `output_mode='one_hot'`, but how many numbers its layer "
                        "gives is not known.",
                        got=type(layer).__name__,
                        fix="`output_mode='int'`.",
                    )
                )
            self.one_hot_encoders[name] = CategoryEncoding(size, output_mode="multi_hot")
        return self.one_hot_encoders[name]

    # ---- configuration and files

    get_config = Configured.get_config

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def get_build_config(self):
        """The shapes that the layer of each column was built for, None where no data were seen."""
        known = self.preprocessors.items()
        return {name: layer.get_build_config() or {} if self._adapted else None for name, layer in known}

    def build_from_config(self, config):
        for name, shapes in config.items():
            if shapes and not self.preprocessors[name].built:
                self.preprocessors[name].build_from_config(shapes)
        self._adapted = all(config.get(name) is not None for name in self._adaptable())
        self.built = True

    def save(self, filepath):
        """Write it, with all that it learnt from data, to a `.keras` file, which `load_model` reads."""
        saving.save_model(self, filepath, save_format="keras")


KINDS = (
    "float",
    "float_rescaled",
    "float_normalized",
    "float_discretized",
    "integer_categorical",
    "string_categorical",
    "integer_hashed",
    "string_hashed",
)


def _named(name: str | None, kind: str) -> str:
    return f"{name or naming.unique(kind)}_preprocessor"


def _column(values: Any) -> Any:
    """`(batch,)` and single values as `(batch, 1)`."""
    values = values if is_symbolic_leaf(values) else to_array(values)
    return values if values.ndim > 1 else np.reshape(values, (-1, 1))


def _columns(dataset: Any, name: str) -> Iterator[Any]:
    for batch in dataset:
        yield _column(batch[name])
