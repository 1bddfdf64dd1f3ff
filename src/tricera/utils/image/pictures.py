"""Images in files, decoded by several threads, and kept as long as memory allows."""

import functools
import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from tricera import machine
from tricera.errors import SafetyError, report
from tricera.utils.folders import quoted
from tricera.utils.image.files import one_of

_SHARE = 1 / 8  # of free memory, for decoded images


@functools.cache
def pool() -> ThreadPoolExecutor:
    """The threads that decode: Pillow lets them run side by side."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="tricera-decode")


class Pictures:
    """The images of some files by their numbers; one is decoded again only if its file has changed.

    Args:
        decode: from a path to an array.
    """

    def __init__(self, paths: Sequence[str], decode: Callable[[str], np.ndarray]):
        self.paths, self._decode = list(paths), decode
        self._kept: dict[str, tuple[Any, np.ndarray]] = {}
        self._room = int(_SHARE * machine.free_host_bytes())

    def batch(self, samples: Sequence[int]) -> np.ndarray:
        """The images of these files: of bytes, or of floats where one has more bits.

        Raises:
            OSError: one is not there, or cannot be read.
        """
        paths = [self.paths[sample] for sample in samples]
        images: list[np.ndarray] = list((map if self._kept.keys() >= set(paths) else pool().map)(self.image, paths))
        is_bytes = all(image.dtype == np.uint8 for image in images)
        return np.stack(images if is_bytes else [image.astype("float32", copy=False) for image in images])

    def leave_out_broken(self, on_error: str | None) -> list[int]:
        """The numbers of the files that stay: all, or those that can be read if `on_error` is "skip"; `skipped` says
        why the others cannot.

        Raises:
            ValueError: `on_error` is something else than "skip", "raise" or None.
        """
        skip = one_of(on_error, (None, "raise", "skip"), "on_error") == "skip"
        broken, paths = self._broken() if skip else {}, self.paths
        self.skipped = {paths[number]: why for number, why in broken.items()}
        if broken:
            what = f"{len(broken)} of {len(paths)} images cannot be read; they are left out."
            warnings.warn(report(what, got=quoted(list(self.skipped))), stacklevel=6)
        kept = [number for number in range(len(paths)) if number not in broken]
        self.paths = [paths[number] for number in kept]
        return kept

    def _broken(self) -> dict[int, str]:
        """The numbers of the files that cannot be read, and why."""

        def why(path: str) -> str | None:
            try:
                self.image(path)
            except (OSError, SafetyError) as error:
                return str(error)
            return None

        return {number: reason for number, reason in enumerate(pool().map(why, self.paths)) if reason}

    def image(self, path: str) -> np.ndarray:
        """The image in a file.

        Raises:
            OSError: it is not there, or cannot be read.
        """
        now, (stamp, image) = _stamp(path), self._kept.get(path, (None, None))
        if image is None or stamp != now:
            room = self._room if image is None else self._room + image.nbytes
            image = self._decode(path)
            image.flags.writeable = False  # it is kept: nobody may spoil it
            if room >= image.nbytes:
                self._room, self._kept[path] = room - image.nbytes, (now, image)
        return image


def _stamp(path: str) -> Any:
    """What changes when a file is written; None where there is none."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
