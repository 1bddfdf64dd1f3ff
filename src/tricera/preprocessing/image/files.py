"""What batches of images in files have in common, whether a folder or a table names them."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera import config
from tricera.errors import report
from tricera.preprocessing.image.arrays import SUBSETS
from tricera.preprocessing.image.iterator import Iterator, Saver
from tricera.utils.image.files import COLORS, RESAMPLING, load_img, one_of
from tricera.utils.image.pictures import Pictures


class FilesIterator(Iterator):
    """Batches of images in files, changed as a generator says.

    Args:
        image_data_generator: None leaves the images as they are.
        saver: folder, prefix and suffix of what is written for looking at.
        on_error: "skip": read all images first, and leave out those that cannot be read; else they are errors.

    Raises:
        ValueError: a mode, a method or a subset that is unknown.
    """

    allowed_class_modes: tuple[str | None, ...] = ("categorical", "binary", "sparse", "input", None)
    class_indices: dict[str, int]
    filenames: list[str]
    classes: Any
    labels: Any
    sample_weight: np.ndarray | None = None

    def __init__(
        self,
        image_data_generator: Any,
        target_size: Any,
        color_mode: str,
        class_mode: str | None,
        data_format: str | None,
        saver: tuple[Any, str, str],
        subset: str | None,
        interpolation: str,
        dtype: Any,
        keep_aspect_ratio: bool,
        on_error: str | None,
    ):
        self.image_data_generator, self.target_size = image_data_generator, tuple(target_size)
        self.color_mode = one_of(color_mode, COLORS, "color_mode")
        self.class_mode = one_of(class_mode, self.allowed_class_modes, "class_mode")
        self.interpolation = one_of(interpolation, RESAMPLING, "interpolation")
        self.on_error = on_error
        self.subset = subset and one_of(subset, SUBSETS, "subset")
        self._split = getattr(image_data_generator, "_validation_split", 0)
        self.data_format, self.dtype = config.standardize_data_format(data_format), dtype or config.floatx()
        channels = COLORS[color_mode][2]
        last = self.data_format == "channels_last"
        self.image_shape = (*self.target_size, channels) if last else (channels, *self.target_size)
        self._decode = functools.partial(
            pixels,
            color_mode=color_mode,
            target_size=self.target_size,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
        )
        self._saver = Saver(*saver, self.data_format, 10**7)

    def _part(self, count: int) -> slice:
        """Which of so many images belong to the subset: the first ones are those to validate with."""
        cut = int(count * self._split) if self.subset else 0
        return slice(cut) if self.subset == "validation" else slice(cut, None)

    def _open(self, paths: Sequence[str]) -> list[int]:
        """The numbers of the files that stay: all, or those that can be read.

        Raises:
            ValueError: there are none.
        """
        if not paths:
            split = f"subset={self.subset!r} of validation_split={self._split}" if self.subset else "0 images"
            raise ValueError(report("There are no images to make batches of.", expected="an image at least", got=split))
        self._pictures = Pictures(paths, self._decode)
        kept = self._pictures.leave_out_broken(self.on_error)
        self.skipped = self._pictures.skipped
        return kept

    @property
    def filepaths(self) -> list[str]:
        """The paths of the images."""
        return self._pictures.paths

    def _batch(self, samples: np.ndarray, random: Any) -> Any:
        images, generator = self._pictures.batch(samples), self.image_data_generator
        if generator is None:
            x = images.astype(self.dtype) if self.data_format == "channels_last" else _first(images, self.dtype)
        else:
            x = generator._batch(images, random)
        self._saver.save(x, samples, random)
        if self.class_mode is None:
            return x
        rest = () if self.sample_weight is None else (self.sample_weight[samples],)
        return (x, self._targets(x, samples), *rest)

    def _targets(self, x: np.ndarray, samples: np.ndarray) -> Any:
        if self.class_mode == "input":
            return x.copy()
        if self.class_mode == "multi_output":
            return [target[samples] for target in self.labels]
        if self.class_mode == "raw":
            return self.labels[samples]
        classes = [self.classes[sample] for sample in samples]
        if self.class_mode != "categorical":
            return np.array(classes, self.dtype)
        one_hot = np.zeros((len(samples), len(self.class_indices)), self.dtype)
        for row, numbers in zip(one_hot, classes, strict=True):
            row[numbers] = 1
        return one_hot


def _first(images: np.ndarray, dtype: Any) -> np.ndarray:
    return np.moveaxis(images, -1, 1).astype(dtype)


def pixels(path: str, **loading: Any) -> np.ndarray:
    """The picture in a file as an array of bytes (or of what has more bits), with its channels last."""
    image = np.asarray(load_img(path, **loading))
    return image if image.ndim == 3 else image[..., None]
