"""Vocabularies: tokens as their numbers, and back."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jax import numpy as jnp

from tricera.engine import scope
from tricera.engine.inputs import where
from tricera.engine.registry import register
from tricera.errors import SafetyError, report
from tricera.layers.arguments import adopt, check_choice, is_whole, mistake, refuse
from tricera.layers.preprocessing.encoding import DENSE, MODES, encode, encoded_shape, integer_dtype
from tricera.layers.preprocessing.hashing import bins_of, salt_of
from tricera.layers.preprocessing.host import HostLayer, in_program, texts

FILE = "vocabulary.txt"  # among the assets


class _Lookup(HostLayer):
    """Base: a token's number is its place in `[mask_token, *out of vocabulary, *vocabulary]`.

    Args:
        max_tokens: the size of the vocabulary at most, with mask and out-of-vocabulary tokens.
        num_oov_indices: over how many numbers unknown tokens are spread, by hash.
        mask_token: has number 0 in `"int"` mode, and no place in the others.
        vocabulary: the tokens, most frequent first; or the name of a file with one in each line.
        idf_weights: of the tokens, in `"tf_idf"` mode.
        invert: whether numbers come in and tokens go out.
        pad_to_max_tokens: whether vectors have `max_tokens` places, whatever the vocabulary has.
        oov_method: `"floormod"` of whole numbers, or `"farmhash"`.

    Raises:
        ValueError: arguments or a vocabulary that make no sense; no vocabulary yet.
    """

    untracked = frozenset({"_tokens", "table", "_counts", "_documents", "input_vocabulary"})

    def _adopt(self, given: dict[str, Any]) -> None:
        extra = given["kwargs"]
        oov_method = extra.pop("oov_method", given.get("oov_method", "floormod"))
        self._declared_size = extra.pop("vocabulary_size", None)
        HostLayer.__init__(self, name=given["name"], **extra)
        plain = {name: value for name, value in given.items() if name not in ("vocabulary", "idf_weights")}
        adopt(self, {**plain, "oov_method": oov_method})
        check_choice(self, (*MODES, "tf_idf"), output_mode=self.output_mode)
        check_choice(self, ("floormod", "farmhash"), oov_method=oov_method)
        refuse(self, DENSE, sparse=self.sparse)
        self._check_arguments()
        self.salt = salt_of(self, self.salt)
        self.input_vocabulary = None
        self.input_idf_weights = given["idf_weights"]
        self.reset_state()
        if given["vocabulary"] is not None:
            self.set_vocabulary(given["vocabulary"], given["idf_weights"])
            self.input_vocabulary = self.get_vocabulary(include_special_tokens=False)

    def _check_arguments(self) -> None:
        limit = self.max_tokens
        for wrong, what, got in (
            (limit is not None and (not is_whole(limit) or limit <= 1), "If set, `max_tokens` must be greater than 1.",
             f"max_tokens={limit!r}"),
            (not is_whole(self.num_oov_indices) or self.num_oov_indices < 0,
             "`num_oov_indices` must be greater than or equal to 0.", f"num_oov_indices={self.num_oov_indices!r}"),
            (self.invert and self.output_mode != "int", "`output_mode` must be 'int' when `invert` is true.",
             f"output_mode={self.output_mode!r}"),
            (self.pad_to_max_tokens and limit is None, "If pad_to_max_tokens is True, must set `max_tokens`.", "None"),
        ):  # fmt: skip
            if wrong:
                raise mistake(self, what, got=got)

    # ---- the vocabulary

    def _special(self) -> list[Any]:
        masks = [self.mask_token] if self.mask_token is not None and self.output_mode == "int" else []
        scope.spend(where(self), 64 * self.num_oov_indices)
        return [*masks, *[self.oov_token] * self.num_oov_indices]

    def get_vocabulary(self, include_special_tokens=True):
        """The tokens in the order of their numbers."""
        return [*(self._special() if include_special_tokens else []), *self._tokens]

    def vocabulary_size(self):
        """How many numbers there are."""
        if not self._tokens and self._declared_size is not None:
            return self._declared_size
        return len(self._special()) + len(self._tokens)

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """Take these tokens, or those of the lines of the file of this name.

        Raises:
            ValueError: no tokens, some twice, mask or out-of-vocabulary tokens among them; missing weights.
        """
        if isinstance(vocabulary, str | Path):
            vocabulary = Path(vocabulary).read_text(self.encoding).splitlines()
        tokens = [self._token(each) for each in np.asarray(vocabulary).ravel().tolist()]
        special = self._special()
        if special and tokens[: len(special)] == special:
            tokens = tokens[len(special) :]
            if idf_weights is not None and idf_weights is not False and len(idf_weights) > len(tokens):
                idf_weights = idf_weights[len(special) :]
        self._check_vocabulary(tokens, special, idf_weights)
        self._tokens = tokens
        self._weigh(idf_weights)
        self._index()

    def _check_vocabulary(self, tokens: list, special: list, idf_weights: Any) -> None:
        repeated = [token for token, count in Counter(tokens).items() if count > 1]
        reserved = [token for token in tokens if self.mask_token is not None and token == self.mask_token]
        limit = self.max_tokens
        for wrong, what, got in (
            (not tokens, "Cannot set an empty vocabulary.", "[]"),
            (repeated, "The passed vocabulary has at least one repeated term.", repeated[:5]),
            (reserved, f"Found reserved mask token at unexpected location in `vocabulary`. Begin with {special}.",
             reserved),
            (limit is not None and len(tokens) + len(special) > limit,
             "Attempted to set a vocabulary larger than the maximum vocab size.",
             f"{len(tokens) + len(special)} with mask and out-of-vocabulary tokens, max_tokens={limit}"),
            (self.output_mode == "tf_idf" and idf_weights is None,
             "In TF-IDF output mode, `idf_weights` must be given with the `vocabulary`.", None),
            (idf_weights is not None and idf_weights is not False and len(idf_weights) != len(tokens),
             "`idf_weights` must have one weight for each token of the vocabulary.",
             None if idf_weights is None or idf_weights is False else f"{len(idf_weights)} for {len(tokens)}"),
        ):  # fmt: skip
            if wrong:
                raise mistake(self, what, got=got)

    def _weigh(self, idf_weights: Any) -> None:
        """Weights for all numbers: unknown tokens count as the mean of the known ones."""
        if self.output_mode == "tf_idf" and idf_weights is not None and idf_weights is not False:
            scope.spend(where(self), 8 * self.num_oov_indices)
            own = np.asarray(idf_weights, "float32")
            self.idf_weights = np.concatenate([np.full(self.num_oov_indices, own.mean(), "float32"), own])

    def _token(self, value: Any) -> Any:
        return value.decode(self.encoding) if isinstance(value, bytes) else str(value)

    # ---- adapting

    def adapt(self, data, steps=None):
        """Take the most frequent tokens of data, or of the batches of an iterable; `steps` batches at most."""
        self._learn(data, steps)

    def update_state(self, data):
        """Let a batch count."""
        documents = np.asarray(data)
        documents = documents.reshape(1, -1) if documents.ndim < 2 and self.output_mode != "tf_idf" else documents
        self._count(documents.reshape(len(documents), -1).tolist())

    def _count(self, documents: Sequence[Sequence[Any]]) -> None:
        for document in documents:
            self._counts.update(document)
            if self.output_mode == "tf_idf":
                self._documents.update(set(document))
        self._seen += len(documents)

    def finalize_state(self):
        """Take the vocabulary from the batches so far."""
        if not self._counts:
            return
        counts: Counter = Counter()
        for token, count in self._counts.items():
            counts[self._token(token)] += count
        for reserved in (self.mask_token, self.oov_token):
            counts.pop(reserved, None)
        room = None if self.max_tokens is None else self.max_tokens - len(self._special())
        self._tokens = sorted(counts, key=lambda token: (counts[token], token), reverse=True)[:room]
        found = {self._token(token): count for token, count in self._documents.items()}
        if self.output_mode == "tf_idf":
            self._weigh([np.log(1 + self._seen / (1 + found[token])) for token in self._tokens])
        self._index()

    def reset_state(self):
        """Forget the batches so far, and the vocabulary that came from such."""
        self._counts: Counter = Counter()
        self._documents: Counter = Counter()
        self._seen = 0
        self.idf_weights = None
        if self.input_vocabulary is None:
            self._tokens: list[Any] = []
            self._index()

    # ---- looking up

    def call(self, inputs):
        self.require_vocabulary(self)
        if self.invert:
            return self._inverse(inputs)
        return self.encoded(self._lookup(inputs))

    def require_vocabulary(self, layer: HostLayer) -> None:
        """Raise ValueError unless there are tokens for `layer`."""
        if not self._tokens:
            fix = "call `adapt(data)`, or `set_vocabulary(tokens)`."
            raise mistake(layer, "there is no vocabulary yet.", fix=fix)

    def encoded(self, ids: Any) -> Any:
        """Numbers of tokens in the form that `output_mode` says; a negative one counts nothing."""
        if self.output_mode != "tf_idf":
            return encode(ids, self.output_mode, self._depth(), self.output_dtype)
        counts = encode(ids, "count", self._depth(), self.output_dtype)
        weights = np.asarray(self.idf_weights)
        return counts * np.pad(weights, (0, self._depth() - len(weights)))

    def _depth(self) -> int:
        return self.max_tokens if self.pad_to_max_tokens else self.vocabulary_size()

    def unknown(self, tokens: Any, method: str) -> np.ndarray:
        """The numbers of tokens that the vocabulary does not have."""
        first = len(self._special()) - self.num_oov_indices
        if self.num_oov_indices == 0 and np.size(tokens):
            what = "When `num_oov_indices=0` all inputs should be in vocabulary."
            got = ", ".join(repr(self._token(token)) for token in np.ravel(tokens)[:5].tolist())
            raise mistake(self, what, got=got, fix="`num_oov_indices=1`, or a vocabulary that has them.")
        if self.num_oov_indices == 1:
            return np.full(np.shape(tokens), first)
        if method == "floormod":
            return np.asarray(tokens) % self.num_oov_indices + first
        return bins_of(tokens, self.num_oov_indices, self.salt) + first

    def _inverse(self, inputs: Any) -> Any:
        vocabulary = self.get_vocabulary()
        ids = np.asarray(inputs)
        place = np.where((ids >= 0) & (ids < len(vocabulary)), ids, len(vocabulary))
        found = np.asarray([*vocabulary, self.oov_token])[place]
        return found if self.output_dtype == "string" else jnp.asarray(found, self.output_dtype)

    @property
    def output_dtype(self):
        if self.output_mode == "int":
            return "string" if self.invert and type(self) is StringLookup else integer_dtype()
        return self.compute_dtype

    def compute_output_shape(self, input_shape):
        return encoded_shape(input_shape, self.output_mode.replace("tf_idf", "count"), self._depth() or None)

    # ---- configuration and files

    def get_config(self):
        config = super().get_config()
        extra = {"oov_method": self.oov_method, "vocabulary": self.input_vocabulary}
        weights = None if self.input_idf_weights is None else np.asarray(self.input_idf_weights).tolist()
        size = self.vocabulary_size() if self._tokens or self._declared_size is not None else None
        return {**config, **extra, "idf_weights": weights, "vocabulary_size": size, "salt": self.salt}

    @classmethod
    def from_config(cls, config):
        refuse_path(cls, config)
        return super().from_config(config)

    def save_assets(self, dir_path):
        """Write the vocabulary into a folder, one token a line, unless the configuration has it or there is none."""
        if self.input_vocabulary is None and self._tokens:
            Path(dir_path, FILE).write_text("\n".join(map(str, self.get_vocabulary())), self.encoding)

    def load_assets(self, dir_path):
        """Read what `save_assets` wrote."""
        if self.input_vocabulary is None:
            lines = Path(dir_path, FILE).read_text(self.encoding).split("\n")
            if lines != list(map(str, self._special())):  # all that Keras writes where no data were seen
                weights = self.idf_weights
                self.set_vocabulary(lines, False)
                self.idf_weights = weights

    def save_own_variables(self, store):
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = self.idf_weights

    def load_own_variables(self, store):
        if self.output_mode == "tf_idf" and (self.vocabulary_size() > len(self._special()) or "idf_weights" in store):
            self.idf_weights = np.asarray(store["idf_weights"], "float32")


def refuse_path(cls: type, config: dict[str, Any]) -> None:
    """Raise SafetyError if a configuration wants a file to be read."""
    if isinstance(config.get("vocabulary"), str):
        raise SafetyError(
            report(
                f"{cls.__name__}: the configuration names a file as its vocabulary, which is not read.",
                got=repr(config["vocabulary"]),
                fix="`set_vocabulary(path)` on the layer.",
            )
        )


class _Numbers(dict):
    """The numbers of tokens; of others, one that none has."""

    lost = -2

    def __missing__(self, token: bytes) -> int:
        return self.lost


@register("layer")
class StringLookup(_Lookup):
    """Tokens as their numbers in a vocabulary, or as vectors of ones, counts or weights; `invert`: numbers as tokens.

    Shapes: `"int"`: as the input; `"one_hot"`: `(...,) -> (..., size)`; the others `(..., n) -> (..., size)`.
    """

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary=None,
        idf_weights=None,
        invert=False,
        output_mode="int",
        pad_to_max_tokens=False,
        sparse=False,
        encoding: str = "utf-8",
        name=None,
        salt=None,
        **kwargs,
    ):
        self._adopt(locals())

    def _index(self):
        first = len(self._special())
        self.table = _Numbers((token.encode(self.encoding), first + i) for i, token in enumerate(self._tokens))
        if self.mask_token is not None:
            self.table[self.mask_token.encode(self.encoding)] = 0 if self.output_mode == "int" else -1

    def _lookup(self, inputs):
        tokens = texts(inputs)
        return self.numbers(tokens).reshape(np.shape(inputs))

    def numbers(self, tokens: list[bytes]) -> np.ndarray:
        """The number of each token."""
        found = np.fromiter(map(self.table.__getitem__, tokens), "int64", len(tokens))
        lost = np.flatnonzero(found == _Numbers.lost)
        found[lost] = self.unknown(np.asarray([tokens[i] for i in lost], object), "farmhash")
        return found


@register("layer")
class IntegerLookup(_Lookup):
    """`StringLookup` of whole numbers, on the device too.

    Args:
        vocabulary_dtype: `"int64"`: whole numbers have 64 bits on the host, and the device's in programs.
    """

    encoding = "utf-8"

    def __init__(
        self,
        max_tokens=None,
        num_oov_indices=1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary=None,
        vocabulary_dtype="int64",
        idf_weights=None,
        invert=False,
        output_mode="int",
        sparse=False,
        pad_to_max_tokens=False,
        oov_method="floormod",
        salt=None,
        name=None,
        **kwargs,
    ):
        if salt is not None and oov_method != "farmhash":
            what = "`salt` can only be used when `oov_method='farmhash'`."
            raise ValueError(report(what, got=f"oov_method={oov_method!r}"))
        self._adopt(locals())
        check_choice(self, ("int64",), vocabulary_dtype=vocabulary_dtype)

    def _token(self, value):
        return int(value)

    def _index(self):
        first = len(self._special())
        pairs = {token: first + i for i, token in enumerate(self._tokens)}
        if self.mask_token is not None:
            pairs[self.mask_token] = 0 if self.output_mode == "int" else -1
        self._keys = np.asarray(sorted(pairs), "int64")
        self._numbers = np.asarray([pairs[key] for key in self._keys.tolist()], "int64")

    def _lookup(self, inputs):
        if not in_program(inputs):
            x = np.asarray(inputs).astype("int64")
            place = np.searchsorted(self._keys, x).clip(max=len(self._keys) - 1)
            known, found = self._keys[place] == x, self._numbers[place]
            found[~known] = self.unknown(x[~known], self.oov_method)
            return found
        keys, numbers = jnp.asarray(self._keys, "int32"), jnp.asarray(self._numbers, "int32")
        place = jnp.searchsorted(keys, inputs).clip(max=len(keys) - 1)
        first = len(self._special()) - self.num_oov_indices
        lost = first + inputs % max(self.num_oov_indices, 1)
        return jnp.where(keys[place] == inputs, numbers[place], lost)
