"""ImageDataGenerator: images changed at random and standardized, from arrays, folders and tables."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tricera.errors import report
from tricera.preprocessing.image import draws
from tricera.preprocessing.image.arrays import NumpyArrayIterator
from tricera.preprocessing.image.dataframe import DataFrameIterator
from tricera.preprocessing.image.directory import DirectoryIterator
from tricera.preprocessing.image.pixels import as_image, transformed
from tricera.preprocessing.image.standard import Standardizer
from tricera.preprocessing.image.warp import check_warp


class ImageDataGenerator(Standardizer):
    """Makes batches of images, each changed at random, anew every time.

    A batch is moved by one compiled program; the draws are those of keras-preprocessing, image by image.

    Args:
        rotation_range: degrees.
        width_shift_range: a share of the width below 1, else pixels; an integer `n`: one of `range(n)` pixels; a list:
            one of its numbers; to either side. `height_shift_range` likewise.
        brightness_range: two factors of brightness.
        shear_range: degrees.
        zoom_range: two factors, or how far they may be from 1.
        channel_shift_range: what is added to all values of an image.
        fill_mode: what lies beyond the edges: "nearest", "constant" (`cval`), "reflect" or "wrap".
        horizontal_flip: whether half of the images are mirrored; `vertical_flip`: turned upside down.
        validation_split: the share of the images that `subset="validation"` gives, and `"training"` leaves out.
        interpolation_order: 0 takes the nearest pixel, 1 is bilinear, 2 to 5 are splines (these need SciPy).

    Raises:
        ValueError: a range that is none, an unknown fill mode or order, a split that is not between 0 and 1.
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: float | None = None,
        preprocessing_function: Callable | None = None,
        data_format: str | None = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ):
        super().__init__(
            featurewise_center,
            samplewise_center,
            featurewise_std_normalization,
            samplewise_std_normalization,
            zca_whitening,
            zca_epsilon,
            rescale,
            preprocessing_function,
            data_format,
            dtype,
        )
        check_warp(interpolation_order, fill_mode)
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.zoom_range = draws.zoom_range(zoom_range)
        self.brightness_range = None if brightness_range is None else draws.pair(brightness_range, "brightness_range")
        self.channel_shift_range = channel_shift_range
        self.fill_mode, self.cval, self.interpolation_order = fill_mode, cval, interpolation_order
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        if validation_split and not 0 < validation_split < 1:
            what = "`validation_split` must be strictly between 0 and 1."
            raise ValueError(report(what, got=validation_split))
        self._validation_split = validation_split

    # ---- batches

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        ignore_class_split: bool = False,
    ) -> NumpyArrayIterator:
        """Batches of arrays without end.

        Args:
            x: `(samples, height, width, channels)`, or `(images, others)`: other inputs that stay as they are.
            seed: of order and draws.
            save_to_dir: a folder where to write what is made, for looking at.
            subset: "training" or "validation", by `validation_split`.
            ignore_class_split: let the subsets differ in their classes.
        """
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size,
            shuffle,
            sample_weight,
            seed,
            self.data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            self.dtype,
            ignore_class_split,
        )

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        on_error: str | None = None,
    ) -> DirectoryIterator:
        """Batches without end of the images in a folder that has a folder for each class.

        Args:
            target_size: `(height, width)` of all images.
            color_mode: "rgb", "rgba" or "grayscale".
            classes: the names of the folders, in the order of their numbers; by default all, sorted.
            class_mode: the targets: "categorical" (one-hot), "binary", "sparse", "input" (the images), or None.
            follow_links: go into folders that are links.
            subset: "training" or "validation": of each class, by `validation_split`.
            interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
            keep_aspect_ratio: cut off at two sides what would be distorted otherwise.
            on_error: "skip": read all images first, and leave out those that cannot be read; else they are errors.
        """
        return DirectoryIterator(
            directory,
            self,
            target_size,
            color_mode,
            classes,
            class_mode,
            batch_size,
            shuffle,
            seed,
            self.data_format,
            save_to_dir,
            save_prefix,
            save_format,
            follow_links,
            subset,
            interpolation,
            self.dtype,
            keep_aspect_ratio,
            on_error,
        )

    def flow_from_dataframe(
        self,
        dataframe: Any,
        directory: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: str | None = None,
        interpolation: str = "nearest",
        validate_filenames: bool = True,
        keep_aspect_ratio: bool = False,
        on_error: str | None = None,
        has_ext: Any = None,
        sort: Any = None,
        drop_duplicates: Any = None,
    ) -> DataFrameIterator:
        """Batches without end of the images that a table names: a data frame, or anything with columns by name.

        Args:
            directory: where relative paths begin.
            x_col: the column of paths.
            y_col: the column of targets, or a list of them.
            weight_col: the column of sample weights.
            class_mode: "categorical" (a class or a list of classes in each row), "binary", "sparse", "raw" (numbers),
                "multi_output" (each of `y_col` by itself), "input" (the images), or None.
            validate_filenames: look first which files are there; the others are left out, with a warning.
            on_error: "raise": files that are not there are an error, before any training; "skip": those that cannot
                be read are left out, too.
            has_ext: nothing any more, as `sort` and `drop_duplicates`.
        """
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            x_col,
            y_col,
            weight_col,
            target_size,
            color_mode,
            classes,
            "raw" if class_mode == "other" else class_mode,
            batch_size,
            shuffle,
            seed,
            self.data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            self.dtype,
            validate_filenames,
            keep_aspect_ratio,
            on_error,
        )

    # ---- single images

    def get_random_transform(self, img_shape: Any, seed: int | None = None) -> draws.Draw:
        """What is drawn for one image: `theta`, `tx`, `ty`, `shear`, `zx`, `zy`, flips, shifts of values."""
        random: Any = np.random if seed is None else np.random.RandomState(seed)
        return draws.draw(self, img_shape[self.row_axis - 1], img_shape[self.col_axis - 1], random)

    def apply_transform(self, x: np.ndarray, transform_parameters: Mapping[str, Any]) -> np.ndarray:
        """The image changed as `get_random_transform` says."""
        image = self._channels_last(x)[None]
        made = transformed(image, [transform_parameters], self.interpolation_order, self.fill_mode, self.cval)[0]
        return self._as_given(as_image(made, image.dtype) if transform_parameters.get("brightness") is None else made)

    def random_transform(self, x: np.ndarray, seed: int | None = None) -> np.ndarray:
        """The image changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def _channels_last(self, x: Any) -> np.ndarray:
        return np.moveaxis(np.asarray(x), -3, -1) if self.data_format == "channels_first" else np.asarray(x)

    def _as_given(self, x: np.ndarray) -> np.ndarray:
        return np.moveaxis(x, -1, -3) if self.data_format == "channels_first" else x

    # ---- what iterators ask for

    def _batch(self, images: np.ndarray, random: Any) -> np.ndarray:
        """New images of a batch with its channels last; theirs stand where the generator says."""
        if self._is_overridden():
            given = self._as_given(images).astype(self.dtype)
            return np.stack([self.standardize(self.random_transform(image)) for image in given])
        moved = self._moved(images, random)
        made = as_image(self._as_given(moved), self.dtype)
        x = np.array(made, order="C") if moved is images else np.ascontiguousarray(made)
        if self.preprocessing_function:
            x = np.stack([np.asarray(self.preprocessing_function(image), self.dtype) for image in x])
        return self._normalized(x, (1, 2, 3))

    def _moved(self, images: np.ndarray, random: Any) -> np.ndarray:
        params = [draws.draw(self, *images.shape[1:3], random) for _ in images]
        return transformed(images, params, self.interpolation_order, self.fill_mode, self.cval)

    def _is_overridden(self) -> bool:
        """Whether a subclass does by itself what is done here for whole batches."""
        names = "get_random_transform", "apply_transform", "random_transform", "standardize"
        return any(getattr(type(self), name) is not getattr(ImageDataGenerator, name) for name in names)

    @property
    def _draws_elsewhere(self) -> bool:
        """Whether functions of the user's may draw, from NumPy's own generator."""
        return self.preprocessing_function is not None or self._is_overridden()

    def _rounds(self, x: np.ndarray, rounds: int, seed: int | None) -> np.ndarray:
        random: Any = np.random if seed is None else np.random.RandomState(seed)
        made = [self._moved(self._channels_last(x), random) for _ in range(rounds)]
        return self._as_given(np.concatenate(made)).astype(self.dtype)
