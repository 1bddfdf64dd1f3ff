"""Text as the numbers of its words."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tricera.engine import scope
from tricera.engine.inputs import where
from tricera.engine.registry import register
from tricera.kernels import text
from tricera.layers.arguments import adopt, check_choice, check_positive, is_whole, mistake, refuse
from tricera.layers.preprocessing.encoding import DENSE, MODES
from tricera.layers.preprocessing.host import HostLayer, texts
from tricera.layers.preprocessing.lookup import StringLookup, refuse_path

_TOGETHER = 512  # texts


@register("layer")
class TextVectorization(HostLayer):
    """Each text standardized, split into tokens, joined to n-grams, and looked up in a vocabulary.

    Shapes: `(batch,)` or `(batch, 1)` of text `-> (batch, length)`, padded with 0; vectors of the vocabulary's size in
    the other modes. One text alone has no batch axis.

    Args:
        max_tokens, vocabulary, idf_weights, output_mode, pad_to_max_tokens: as in `StringLookup`.
        standardize: `"lower_and_strip_punctuation"`, `"lower"`, `"strip_punctuation"` (of ASCII), None, or a function
            of arrays of text.
        split: `"whitespace"`, `"character"`, None, or a function of an array of texts that gives lists of tokens.
        ngrams: the longest n-grams, or a tuple of the lengths that are wanted.
        output_sequence_length: what all texts are cut or padded to, in `"int"` mode.

    Raises:
        ValueError: arguments that make no sense; no vocabulary yet.
    """

    untracked = frozenset({"_compiled"})

    def __init__(
        self,
        max_tokens=None,
        standardize="lower_and_strip_punctuation",
        split="whitespace",
        ngrams=None,
        output_mode="int",
        output_sequence_length=None,
        pad_to_max_tokens=False,
        vocabulary=None,
        idf_weights=None,
        sparse=False,
        ragged=False,
        encoding="utf-8",
        name=None,
        **kwargs,
    ):
        size = kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, **kwargs)
        adopt(self, {k: v for k, v in locals().items() if k not in ("vocabulary", "idf_weights", "size")})
        self._check()
        self._compiled: tuple[dict, text.Vocabulary] | None = None
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            mask_token="" if output_mode == "int" else None,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            encoding=encoding,
            vocabulary_size=size,
            dtype=kwargs.get("dtype"),
        )

    def _check(self) -> None:
        for name, choices in (("standardize", text.STANDARDIZE), ("split", text.SPLIT)):
            value = getattr(self, name)
            if value is not None and not callable(value):
                check_choice(self, tuple(choices), **{name: value})
        check_choice(self, (*MODES, "tf_idf"), output_mode=self.output_mode)
        refuse(self, DENSE, sparse=self.sparse, ragged=self.ragged)
        grams = self.ngrams
        if grams is not None:
            scope.spend(where(self), 64 * grams if is_whole(grams) else 0)
            lengths = self._lengths = tuple(range(1, grams + 1)) if is_whole(grams) else grams
            if not isinstance(lengths, list | tuple) or not lengths or not all(is_whole(n) and n > 0 for n in lengths):
                what = "`ngrams` must be None, an integer, or a tuple of integers."
                raise mistake(self, what, got=repr(grams))
        if self.output_sequence_length is not None:
            check_positive(self, output_sequence_length=self.output_sequence_length)
            if self.output_mode != "int":
                what = "`output_sequence_length` must not be set if `output_mode` is not 'int'."
                raise mistake(self, what, got=repr(self.output_sequence_length))

    # ---- the vocabulary

    def get_vocabulary(self, include_special_tokens=True):
        """The tokens in the order of their numbers."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self):
        """How many numbers there are."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary, idf_weights=None):
        """Take these tokens, or those of the lines of the file of this name."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    def adapt(self, data, batch_size=None, steps=None):
        """Take the most frequent tokens of texts, or of the batches of an iterable."""
        self._learn(data, steps)

    def update_state(self, data):
        """Let a batch count."""
        for tokens in self._parts(np.asarray(data)):
            self._lookup_layer._count(tokens)

    def finalize_state(self):
        """Take the vocabulary from the batches so far."""
        self._lookup_layer.finalize_state()

    def reset_state(self):
        """Forget the batches so far, and the vocabulary that came from such."""
        self._lookup_layer.reset_state()

    # ---- looking up

    def _encoded(self, inputs: np.ndarray) -> list[bytes]:
        """The texts in UTF-8, after the user's function, which gets an array of text."""
        return texts(self.standardize(np.asarray(inputs.tolist())) if callable(self.standardize) else inputs)

    def _rows(self, inputs: np.ndarray) -> np.ndarray:
        """The numbers of the tokens of each text, in rows of one length."""
        filling, width = 0 if self.output_mode == "int" else -1, self.output_sequence_length
        if self.split == "whitespace":
            encoded = self._encoded(inputs)
            if (made := self._vocabulary().rows(encoded, width, filling)) is not None:
                return made
        parts = []
        for tokens in self._parts(inputs):
            lengths = np.fromiter(map(len, tokens), "int64", len(tokens))
            parts.append((self._lookup_layer.numbers([token for each in tokens for token in each]), lengths))
        ids, lengths = map(np.concatenate, zip(*parts, strict=True))
        return text.padded(ids, lengths, width, filling)

    def _vocabulary(self) -> text.Vocabulary:
        """The tokens as compiled code looks them up; made anew when there are others."""
        table = self._lookup_layer.table
        if self._compiled is None or self._compiled[0] is not table:
            standardize = None if callable(self.standardize) else self.standardize
            unknown = int(self._lookup_layer.unknown([b""], "farmhash")[0])
            lengths = (1,) if self.ngrams is None else self._lengths
            self._compiled = table, text.Vocabulary(table, unknown, standardize, lengths)
        return self._compiled[1]

    def _parts(self, inputs: np.ndarray) -> Iterator[list[list[bytes]]]:
        """The tokens of some texts after others: those of all would not stay in the processor's cache."""
        for start in range(0, max(len(inputs), 1) if inputs.ndim else 1, _TOGETHER):
            yield self._tokens(inputs[start : start + _TOGETHER] if inputs.ndim else inputs)

    def _tokens(self, inputs: np.ndarray) -> list[list[bytes]]:
        """The tokens of each text."""
        encoded = self._encoded(inputs)
        if self.standardize is not None and not callable(self.standardize):
            encoded = text.STANDARDIZE[self.standardize](encoded)
        if callable(self.split):
            given = self.split(np.asarray([each.decode(self.encoding) for each in encoded]))
            found = [texts(each) for each in given]
        elif self.split is None and inputs.ndim > 1:
            found = np.asarray(encoded, object).reshape(len(inputs), -1).tolist()
        else:
            found = text.SPLIT[self.split](encoded) if self.split else [[each] for each in encoded]
        return found if self.ngrams is None else [text.ngrams(each, self._lengths) for each in found]

    def call(self, inputs):
        lookup = self._lookup_layer
        lookup.require_vocabulary(self)
        inputs = np.asarray(inputs)
        encoded = lookup.encoded(self._rows(inputs))
        if inputs.ndim == 0:
            return encoded[0]
        alone = self.output_mode == "int" and self.split is None and self.ngrams is None and inputs.ndim == 1
        return encoded[:, 0] if alone else encoded  # a token each

    @property
    def output_dtype(self):
        return self._lookup_layer.output_dtype

    def compute_output_shape(self, input_shape):
        batch = tuple(input_shape)[:1]
        if self.output_mode == "int":
            return *batch, self.output_sequence_length
        return *batch, self._lookup_layer._depth()

    # ---- configuration and files

    def get_config(self):
        inner = self._lookup_layer.get_config()
        taken = {"vocabulary": inner["vocabulary"], "idf_weights": inner["idf_weights"]}
        return {**super().get_config(), **taken, "vocabulary_size": self.vocabulary_size()}

    @classmethod
    def from_config(cls, config):
        refuse_path(cls, config)
        return super().from_config(config)

    def save_assets(self, dir_path):
        """Write the vocabulary into a folder, one token a line, unless the configuration has it."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path):
        """Read what `save_assets` wrote."""
        self._lookup_layer.load_assets(dir_path)

    def save_own_variables(self, store: Any) -> None:
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        self._lookup_layer.load_own_variables(store)
