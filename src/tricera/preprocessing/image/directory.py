"""Batches of the images in a folder that has a folder for each class."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tricera.preprocessing.image.files import FilesIterator
from tricera.preprocessing.image.iterator import Iterator
from tricera.utils.folders import check_classes, check_files, class_folders, existing, files_below


class DirectoryIterator(FilesIterator):
    """Batches of the images in a folder, changed as a generator says.

    Args:
        directory: holds a folder for each class; the arguments are those of `ImageDataGenerator.flow_from_directory`.

    Raises:
        OSError: there is no such folder.
        ValueError: it has no folders, or one of them has no images; a mode or a method that is unknown.
    """

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Sequence[str] | None = None,
        class_mode: str | None = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        data_format: str | None = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: str | None = None,
        interpolation: str = "nearest",
        dtype: Any = None,
        keep_aspect_ratio: bool = False,
        on_error: str | None = None,
    ):
        super().__init__(
            image_data_generator,
            target_size,
            color_mode,
            class_mode,
            data_format,
            (save_to_dir, save_prefix, save_format),
            subset,
            interpolation,
            dtype,
            keep_aspect_ratio,
            on_error,
        )
        self.directory = existing(directory)
        names = list(classes or class_folders(directory))
        check_classes(self.directory, names, "classes")
        self.num_classes, self.class_indices = len(names), {name: i for i, name in enumerate(names)}
        files = [
            list(files_below(os.path.join(directory, name), self.white_list_formats, follow_links)) for name in names
        ]
        check_files(self.directory, names, files, self.white_list_formats, "classes", bool(classes), lenient=True)
        parts = [files_of[self._part(len(files_of))] for files_of in files]
        filenames = [os.path.join(name, file) for name, part in zip(names, parts, strict=True) for file in part]
        kept = self._open([os.path.join(directory, file) for file in filenames])
        self.filenames = [filenames[number] for number in kept]
        self.classes = self.labels = np.repeat(range(len(names)), list(map(len, parts)))[kept].astype("int32")
        self.samples = len(kept)
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        Iterator.__init__(self, self.samples, batch_size, shuffle, seed)
