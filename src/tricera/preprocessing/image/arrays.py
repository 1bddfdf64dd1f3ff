"""Batches of images that stand in an array."""

from typing import Any

import numpy as np

from tricera import config
from tricera.errors import report
from tricera.preprocessing.image.iterator import Iterator, Saver
from tricera.utils.image.files import one_of

SUBSETS = ("training", "validation")


class NumpyArrayIterator(Iterator):
    """Batches of arrays, their images changed as a generator says.

    Args:
        x: images, or `(images, others)`: the latter one array or a list, given as they are beside the images.
        y: targets; `sample_weight`: weights, given as they are.
        ignore_class_split: let the subsets differ in their classes.

    Raises:
        ValueError: arrays of different lengths, no images, or subsets of different classes.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        dtype: Any = None,
        ignore_class_split: bool = False,
    ):
        self.image_data_generator, self.data_format = image_data_generator, config.standardize_data_format(data_format)
        self.dtype = dtype or config.floatx()
        x, others = x if isinstance(x, tuple | list) else (x, [])
        self.x_misc = [np.asarray(other) for other in (others if isinstance(others, list) else [others])]
        self.x = np.asarray(x, self.dtype)
        self.y, self.sample_weight = (None if each is None else np.asarray(each) for each in (y, sample_weight))
        for name, array in [("x[1]", other) for other in self.x_misc] + [("y", self.y), ("w", self.sample_weight)]:
            self._check_length(name, array)
        if subset is not None:
            self._keep(one_of(subset, SUBSETS, "subset"), ignore_class_split)
        image_data_generator._check_images(self.x)
        self._saver = Saver(save_to_dir, save_prefix, save_format, self.data_format, 10**4)
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _check_length(self, name: str, array: np.ndarray | None) -> None:
        if array is not None and len(array) != len(self.x):
            name = {"w": "sample_weight"}.get(name, name)
            what = f"`x` (images tensor) and `{name}` should have the same length."
            raise ValueError(report(what, got=f"x.shape = {self.x.shape}, {name}.shape = {array.shape}"))

    def _keep(self, subset: str, ignore_class_split: bool) -> None:
        """Keep one part: the first images are the ones to validate with."""
        cut = int(len(self.x) * self.image_data_generator._validation_split)
        if self.y is not None and not ignore_class_split:
            first, rest = np.unique(self.y[:cut]), np.unique(self.y[cut:])
            if not np.array_equal(first, rest):
                raise ValueError(
                    report(
                        "Training and validation subsets have different number of classes after the split.",
                        got=f"{len(rest)} for training, {len(first)} for validation",
                        fix="shuffle the arrays, if they are sorted by label, or pass `ignore_class_split=True`.",
                    )
                )
        part = slice(cut) if subset == "validation" else slice(cut, None)
        self.x, self.x_misc = self.x[part], [other[part] for other in self.x_misc]
        self.y = None if self.y is None else self.y[part]
        self.sample_weight = None if self.sample_weight is None else self.sample_weight[part]

    def _batch(self, samples: np.ndarray, random: Any) -> Any:
        generator = self.image_data_generator
        x = generator._batch(generator._channels_last(self.x[samples]), random)
        self._saver.save(x, samples, random)
        inputs = [x, *(other[samples] for other in self.x_misc)] if self.x_misc else x
        if self.y is None:
            return inputs
        rest = () if self.sample_weight is None else (self.sample_weight[samples],)
        return (inputs, self.y[samples], *rest)
