"""`image_dataset_from_directory`: the images in a folder as a data set."""

import functools
from collections.abc import Callable, Container
from typing import Any

import numpy as np

from tricera import config
from tricera.errors import report
from tricera.utils.image.files import COLORS, central, load_img, one_of
from tricera.utils.image.pictures import Pictures
from tricera.utils.image.resample import METHODS, Size, resample
from tricera.utils.labelled import Labelled, labelled_files
from tricera.utils.samples import FORMATS, samples_of

_SUFFIXES = ("bmp", "gif", "jpeg", "jpg", "png")


def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
    on_error: str | None = None,
) -> Any:
    """The images in a folder that has a folder for each class, as a data set of `(images, targets)`.

    Several threads decode. Images stay in memory while there is room; a file that changes is read again. The data set
    knows its `class_names` and `file_paths`.

    Shapes: images `(batch, height, width, channels)`, 0 ... 255; targets by `label_mode`.

    Args:
        labels: "inferred", the names of the folders; None; or a list of numbers, one for each file in sorted order.
        label_mode: "int", `(batch,)`; "categorical", one-hot `(batch, classes)`; "binary", `(batch, 1)`; or None.
        class_names: the folders that count, in the order of their numbers.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: None for single images.
        image_size: `(height, width)`.
        shuffle: whether the files are in a random order, a new one for each pass.
        seed: of all orders; needed for a split.
        validation_split: the share of the files that `subset="validation"` gives, and "training" leaves out; "both"
            gives a list of the two.
        interpolation: "bilinear", "nearest" (bytes stay bytes), "bicubic", "area", "lanczos3", "lanczos5",
            "gaussian" or "mitchellcubic".
        crop_to_aspect_ratio: cut off at two sides what would be distorted; `pad_to_aspect_ratio`: fill up with 0.
        format: "tf" for Tricera's own data set, with the steps of `tf.data`; "grain" for one of grain.
        on_error: "skip": read all images first, and leave out those that cannot be read; else they are errors.

    Raises:
        OSError: there is no such folder; while it is read: an image is lost or broken.
        ValueError: arguments that contradict each other, no classes, a class without images.
    """
    one_of(format, FORMATS, "format")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(report("Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be set to `True`."))
    decode = functools.partial(
        _image,
        color_mode=one_of(color_mode, COLORS, "color_mode"),
        size=_size(image_size),
        method=one_of(str(interpolation).lower(), METHODS, "interpolation"),
        fit=_fit_cropped if crop_to_aspect_ratio else _fit_padded if pad_to_aspect_ratio else resample,
        channels_last=config.standardize_data_format(data_format) == "channels_last",
    )
    parts = labelled_files(
        directory,
        labels,
        label_mode,
        class_names,
        _SUFFIXES,
        shuffle,
        seed,
        validation_split,
        subset,
        follow_links,
        verbose,
    )
    pictures = Pictures([path for part in parts for path in part.paths], decode)
    pictures.leave_out_broken(on_error)
    parts = [_without(part, pictures.skipped) for part in parts]
    return samples_of(parts, pictures.image, None, label_mode, batch_size, shuffle, seed, subset, format)


def _without(files: Labelled, broken: Container[str]) -> Labelled:
    rows = [row for row, path in enumerate(files.paths) if path not in broken]
    labels = None if files.labels is None else files.labels[rows]
    return Labelled([files.paths[row] for row in rows], labels, files.class_names)


def _size(given: Any) -> Size:
    if isinstance(given, int):
        return given, given
    if not isinstance(given, list | tuple) or len(given) != 2:
        raise ValueError(report("Invalid `image_size` value.", expected="a tuple of 2 integers", got=repr(given)))
    return tuple(given)  # type: ignore[return-value]


def _image(path: str, color_mode: str, size: Size, method: str, fit: Callable, channels_last: bool) -> np.ndarray:
    image = load_img(path, color_mode)
    channels = COLORS[color_mode][2]
    if image.mode == "RGB":  # with a fourth byte, as Pillow keeps it
        pixels = np.frombuffer(image.tobytes("raw", "RGBX"), np.uint8).reshape(image.height, image.width, 4)
    else:
        pixels = np.asarray(image).reshape(image.height, image.width, channels)
    made = fit(pixels, size, method)[..., :channels]
    return np.ascontiguousarray(made if channels_last else made.transpose(2, 0, 1))


def _fit_cropped(image: np.ndarray, size: Size, method: str) -> np.ndarray:
    top, left, rows, columns = central(image.shape[:2], size)
    return resample(image[top : top + rows, left : left + columns], size, method)


def _fit_padded(image: np.ndarray, size: Size, method: str) -> np.ndarray:
    """The image as large as it fits in, in the middle of zeros."""
    (height, width), (target_height, target_width) = image.shape[:2], size
    ratio = max(height / target_height, width / target_width)
    rows, columns = height / ratio, width / ratio
    small = resample(image, (int(rows), int(columns)), method)
    top, left = int(max(0, (target_height - rows) // 2)), int(max(0, (target_width - columns) // 2))
    made = np.zeros((*size, image.shape[2]), small.dtype)
    made[top : top + small.shape[0], left : left + small.shape[1]] = small
    return made
