"""The native kernels' library: built by the machine's own C compiler when first needed, kept on disk, never required.

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
from pathlib import Path

import jax
import jaxlib

from tricera.engine.device import cache_folder

SOURCES = Path(__file__).parent
TARGETS = ("tricera_conv", "tricera_conv_kernel_slope")
_SECONDS = 60  # after which a compiler is given up
_OFF = "XLA's kernels are used: "


class Library:
    """One attempt of this process to have the library. `begin` returns at once; `name_of` waits for what it began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._building: subprocess.Popen | None = None
        self._file: Path | None = None
        self._passing: Path | None = None  # a folder that goes once the library is loaded
        self._state: str | None = None
        self._key = ""

    def begin(self) -> None:
        """Start the compiler, unless the library is there or cannot be had."""
        if self._file is None and self._state is None:
            with self._lock:
                if self._file is None and self._state is None:
                    self._begin()

    def name_of(self, target: str) -> str | None:
        """The name by which XLA knows `target`; None where there is no library.

        It holds a hash of all that the library is made of: a compiled program on disk finds the very same code.
        """
        return f"{target}_{self._key}" if self.state().startswith("native") else None

    def state(self) -> str:
        """Whether native kernels are in use, and if not, why."""
        self.begin()
        with self._lock:
            if self._state is None:
                self._state = self._finish()
        return self._state

    def _begin(self) -> None:
        command = _command()
        if os.environ.get("TRICERA_NATIVE") == "0" or os.name != "posix" or command is None:
            why = "no C compiler was found" if command is None else "Windows has none"
            self._state = _OFF + ("TRICERA_NATIVE=0" if os.environ.get("TRICERA_NATIVE") == "0" else why)
            return
        self._key = _key(command)
        folder = _private_folder(cache_folder())
        if folder is None:
            folder = self._passing = Path(tempfile.mkdtemp(prefix="tricera-"))
        self._file = folder / f"{self._key}.so"
        if not self._file.exists():
            # The shell renames what is complete, even if this process ends before.
            part = folder / f".{self._key}.{os.getpid()}.so"
            script = f"{shlex.join([*command, '-o', str(part)])} && mv -f {shlex.join(map(str, (part, self._file)))}"
            arguments = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
            self._building = subprocess.Popen(["/bin/sh", "-c", script], text=True, **arguments)

    def _finish(self) -> str:
        try:
            if self._building is not None and (failure := _failure(self._building)):
                return _OFF + failure
            if not _is_private(self._file):
                return f"{_OFF}others may change {self._file}"
            library = ctypes.CDLL(str(self._file))
            for target in TARGETS:
                capsule = jax.ffi.pycapsule(getattr(library, target))
                jax.ffi.register_ffi_target(f"{target}_{self._key}", capsule, platform="cpu")
        except (OSError, AttributeError) as error:
            return f"{_OFF}{error}"
        finally:
            if self._passing is not None:
                shutil.rmtree(self._passing, ignore_errors=True)
        return f"native kernels are used: {self._file}"


def _command() -> list[str] | None:
    """The compiler and its arguments, without the output; None where there is no compiler."""
    known = shlex.split(sysconfig.get_config_var("CC") or "")[:1]
    compiler = next((found for name in (*known, "cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        return None
    machine = "-mcpu=native" if _host.machine() in ("arm64", "aarch64") else "-march=native"
    flags = ["-std=gnu11", "-O3", machine, "-shared", "-fPIC", "-I", jax.ffi.include_dir()]
    return [compiler, *flags, str(SOURCES / "conv.c")]


def _key(command: list[str]) -> str:
    """A hash of all that decides what the compiler makes."""
    texts = [path.read_bytes() for path in sorted(SOURCES.glob("*.[ch]"))]
    return hashlib.sha256(b"\0".join([*texts, *map(str.encode, (*command, jaxlib.__version__))])).hexdigest()[:16]


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
