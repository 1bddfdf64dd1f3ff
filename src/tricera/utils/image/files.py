"""Pictures in files, as Pillow's images, and as arrays."""

import contextlib
import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tricera import config
from tricera.errors import SafetyError, did_you_mean, report
from tricera.ops.image.frame import resize

Size = tuple[int, int]

RESAMPLING = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
# The mode that Pillow converts to, the modes left as they are, the number of channels.
COLORS = {
    "grayscale": ("L", ("L", "I", "I;16"), 1),
    "rgb": ("RGB", ("RGB",), 3),
    "rgba": ("RGBA", ("RGBA",), 4),
}


def load_img(
    path: Any,
    color_mode: str | bool = "rgb",
    target_size: Any = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
    grayscale: bool = False,
) -> Any:
    """The picture in a file, as an image of Pillow.

    Args:
        path: the file's path, or a `BytesIO` with its content.
        color_mode: "rgb", "rgba" or "grayscale"; the last leaves 16 and 32 bits as they are.
        target_size: `(height, width)` to resize to.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: cut off at two sides what would be distorted otherwise.
        grayscale: Keras 1's and 2's way to say `color_mode="grayscale"`.

    Raises:
        ValueError: an unknown color mode or interpolation.
        OSError: there is no such file, or no whole picture in it.
        SafetyError: it would have so many pixels that it must be meant to do harm.
    """
    color_mode = "grayscale" if grayscale or color_mode is True else color_mode or "rgb"
    mode, kept, _ = COLORS[one_of(color_mode, COLORS, "color_mode")]
    resampling = _resampling(interpolation)
    image = _decoded(path)
    if image.mode not in kept:
        image = image.convert(mode)
    if target_size is None or image.size == (target_size[1], target_size[0]):
        return image
    height, width = target_size
    top, left, rows, columns = central(image.size[::-1], (height, width))
    box = (left, top, left + columns, top + rows) if keep_aspect_ratio else None
    return image.resize((width, height), resampling, box=box)


def one_of(value: Any, choices: Any, what: str) -> Any:
    """`value`, which is one of `choices`.

    Raises:
        ValueError: it is none of them.
    """
    if value not in choices:
        expected = ", ".join(map(repr, choices))
        fix = did_you_mean(value, [choice for choice in choices if choice]) if isinstance(value, str) else None
        raise ValueError(report(f"Invalid `{what}`.", expected=expected, got=repr(value), fix=fix))
    return value


def _resampling(name: str) -> int:
    from PIL import Image

    return getattr(Image.Resampling, one_of(name, RESAMPLING, "interpolation").upper())


def _decoded(path: Any) -> Any:
    """The whole picture in a file, in whatever mode it has there."""
    from PIL import Image

    in_memory = isinstance(path, io.BytesIO)
    name = "in memory" if in_memory else f"{os.fsdecode(path)!r}"
    try:
        with contextlib.nullcontext(path) if in_memory else open(path, "rb") as file:
            image = Image.open(io.BytesIO(file.read()))
        image.load()
    except FileNotFoundError:
        raise FileNotFoundError(report(f"The image {name} is not there.", fix="check its path.")) from None
    except Image.DecompressionBombError as error:
        raise SafetyError(report(f"The image {name} has too many pixels.", got=error)) from None
    except (OSError, SyntaxError, ValueError) as error:
        why = "no image format" if isinstance(error, Image.UnidentifiedImageError) else error
        raise OSError(report(f"The image {name} cannot be read.", expected="a whole image file", got=why)) from None
    return image


def central(size: Size, target: Size) -> tuple[int, int, int, int]:
    """The largest central part with the proportions of `target`: `(top, left, height, width)`."""
    (height, width), (target_height, target_width) = size, target
    rows = max(1, min(height, width * target_height // target_width))
    columns = max(1, min(width, height * target_width // target_height))
    return (height - rows) // 2, (width - columns) // 2, rows, columns


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """An image of Pillow as an array of three axes; a picture in gray has one channel.

    Raises:
        ValueError: it has another number of axes.
    """
    x = np.array(img, dtype or config.floatx())
    if x.ndim == 2:
        x = x[..., None]
    if x.ndim != 3:
        raise ValueError(report(f"Unsupported image shape: {x.shape}.", expected="two or three axes"))
    return x if config.standardize_data_format(data_format) == "channels_last" else x.transpose(2, 0, 1)


def array_to_img(x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None) -> Any:
    """An array of three axes as an image of Pillow.

    Args:
        scale: spread the values, so that the smallest becomes 0 and the largest 255.

    Raises:
        ValueError: it is no single image, or has another number of channels than 1, 3 or 4.
    """
    from PIL import Image

    x = np.asarray(x, dtype or config.floatx())
    if x.ndim != 3:
        what = f"Expected image array to have rank 3 (single image). Got array with shape: {x.shape}."
        raise ValueError(report(what, fix="give one image of the batch: `x[0]`." if x.ndim == 4 else None))
    if config.standardize_data_format(data_format) == "channels_first":
        x = x.transpose(1, 2, 0)
    if x.shape[2] not in (1, 3, 4):
        raise ValueError(report(f"Unsupported channel number: {x.shape[2]}.", expected="1, 3 or 4 channels"))
    if scale:
        x = x - x.min()
        x = x / (x.max() or 1) * 255
    if x.shape[2] > 1:
        return Image.fromarray(x.astype("uint8"))
    return Image.fromarray(x[..., 0].astype("int32" if x.max() > 255 else "uint8"))


def save_img(
    path: Any, x: Any, data_format: str | None = None, file_format: str | None = None, scale: bool = True, **kwargs: Any
) -> None:
    """Write an array of three axes as a picture.

    Args:
        path: a path, or a file that is open for writing; the latter needs a `file_format`.
        file_format: "png", "jpeg" and so on; by default, the path's suffix says it.
        scale: spread the values, so that the smallest becomes 0 and the largest 255.
        kwargs: given to Pillow's `save`.
    """
    if file_format is None and isinstance(path, str | Path):
        file_format = Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    image = array_to_img(x, data_format, scale)
    if image.mode == "RGBA" and file_format == "jpeg":
        warnings.warn("The JPEG format does not support RGBA images, converting to RGB.", stacklevel=2)
        image = image.convert("RGB")
    image.save(path, format=file_format or None, **kwargs)


def smart_resize(x: Any, size: Size, interpolation: str = "bilinear", data_format: str | None = "channels_last") -> Any:
    """Images in another size, undistorted: their largest central part with the new proportions, resized.

    Shapes: `([batch,] height, width, channels) -> ([batch,] *size, channels)`.

    Raises:
        ValueError: not a size, or neither an image nor a batch of them.
    """
    if len(size) != 2:
        raise ValueError(report("`size` is no size.", expected="a tuple of 2 integers", got=size))
    if np.ndim(x) not in (3, 4):
        expected = "(height, width, channels) or (batch_size, height, width, channels)"
        raise ValueError(report("Expected an image array.", expected=expected, got=f"shape {np.shape(x)}"))
    resized = resize(x, size, interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return np.asarray(resized) if isinstance(x, np.ndarray) else resized
