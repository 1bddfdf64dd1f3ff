"""The library of native kernels: built by the machine's own C compiler when first needed, kept on disk, never required.

Where it cannot be had, XLA's own code runs instead; `state()` says which. `TRICERA_NATIVE=0` switches it off.
"""

import ctypes
import hashlib
import os
import platform as _host
import shlex
import shutil
import stat
import subprocess
import sysconfig
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import jax
import jaxlib

from tricera.machine import cache_folder

_SOURCES = Path(__file__).parent
_TARGETS = ("conv", "conv_kernel_slope", "product", "product_slope", "take")
_SECONDS = 60  # after which a compiler is given up
_IN_USE, _NOT_IN_USE = "native kernels are used: ", "native kernels are not used: "


class Library:
    """One attempt to have the library. `begin` returns at once; the others wait for what it began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._building: subprocess.Popen | None = None
        self._file: Path | None = None
        self._passing: tempfile.TemporaryDirectory | None = None  # gone once the library is loaded
        self._state: str | None = None
        self._loaded: ctypes.CDLL | None = None
        self._key = ""

    def begin(self) -> None:
        """Start the compiler, unless the library is there or cannot be had."""
        if self._file is None and self._state is None:
            with self._lock:
                if self._file is None and self._state is None:
                    self._begin()

    def state(self) -> str:
        """Whether native kernels are in use, from which file, and if not, why."""
        self.begin()
        with self._lock:
            if self._state is None:
                self._state = self._finish()
        return self._state

    def name_of(self, target: str) -> str | None:
        """The name by which XLA knows `target`; None where there is no library.

        It holds a hash of all that the library is made of, so that a compiled program on disk meets the code it knows.
        """
        return f"tricera_{target}_{self._key}" if self.state().startswith(_IN_USE) else None

    def function(self, name: str) -> Callable | None:
        """A function that Python calls by itself, while its lock is free for others; None where there is no library."""
        return getattr(self._loaded, f"tricera_{name}") if self.state().startswith(_IN_USE) else None

    def _begin(self) -> None:
        compiler = _compiler()
        if os.environ.get("TRICERA_NATIVE") == "0":
            self._state = _NOT_IN_USE + "TRICERA_NATIVE=0"
        elif os.name != "posix" or compiler is None:
            self._state = _NOT_IN_USE + "no C compiler was found"
        else:
            try:
                self._start(_command(compiler))
            except OSError as error:
                self._state = f"{_NOT_IN_USE}{error}"

    def _start(self, command: list[str]) -> None:
        self._key = _key(command)
        folder = _private_folder(cache_folder())
        if folder is None:
            self._passing = tempfile.TemporaryDirectory(prefix="tricera-", ignore_cleanup_errors=True)
            folder = Path(self._passing.name)
        file = folder / f"{self._key}.so"
        if not file.exists():
            # The shell renames what is complete, even if this process ends before.
            part = folder / f".{self._key}.{os.getpid()}.{id(self)}.so"
            script = f"{shlex.join([*command, '-o', str(part)])} && mv -f {shlex.join([str(part), str(file)])}"
            self._building = subprocess.Popen(
                ["/bin/sh", "-c", script],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
            )
        self._file = file

    def _finish(self) -> str:
        try:
            if self._building is not None and (failure := _failure(self._building)):
                return _NOT_IN_USE + failure
            if not _is_private(self._file):
                return f"{_NOT_IN_USE}others may write {self._file}"
            library = ctypes.CDLL(str(self._file))
            for target in _TARGETS:
                capsule = jax.ffi.pycapsule(getattr(library, f"tricera_{target}"))
                jax.ffi.register_ffi_target(f"tricera_{target}_{self._key}", capsule, platform="cpu")
            self._loaded = library
        except (OSError, AttributeError, RuntimeError) as error:  # not loaded, or of another XLA
            return f"{_NOT_IN_USE}{error}"
        finally:
            if self._passing is not None:
                self._passing.cleanup()
        return f"{_IN_USE}{self._file}"


def _compiler() -> str | None:
    """The C compiler that Python was built with, or what is called one."""
    known = shlex.split(sysconfig.get_config_var("CC") or "")[:1]
    return next((found for name in (*known, "cc", "gcc", "clang") if (found := shutil.which(name))), None)


def _command(compiler: str) -> list[str]:
    """The compiler and its arguments, without the output."""
    machine = "-mcpu=native" if _host.machine() in ("arm64", "aarch64") else "-march=native"
    flags = ["-std=gnu11", "-O3", machine, "-shared", "-fPIC", "-I", jax.ffi.include_dir()]
    return [compiler, *flags, str(_SOURCES / "library.c"), "-lm"]


def _key(command: list[str]) -> str:
    """A hash of all that decides what the compiler makes."""
    texts = [path.read_bytes() for path in sorted(_SOURCES.glob("*.[ch]"))]
    return hashlib.sha256(b"\0".join([*texts, *map(os.fsencode, (*command, jaxlib.__version__))])).hexdigest()[:16]


def _private_folder(beside: Path | None) -> Path | None:
    """The folder `native` in `beside`, made where it is missing; None where others may write into it."""
    if beside is None:
        return None
    folder = beside / "native"
    try:
        beside.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        return None
    return folder if _is_private(folder) else None


def _is_private(path: Path) -> bool:
    """Whether a folder or file is this user's own, no link, and writable by nobody else."""
    status = path.lstat()
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022 and not stat.S_ISLNK(status.st_mode)


def _failure(building: subprocess.Popen) -> str:
    """Waits for the compiler; what went wrong with it, or nothing."""
    try:
        _, errors = building.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        building.kill()
        return f"the C compiler took more than {_SECONDS} s"
    if building.returncode == 0:
        return ""
    lines = [line for line in errors.splitlines() if "error" in line] or errors.splitlines() or ["no message"]
    return f"the C compiler failed: {lines[0]}"


library = Library()
