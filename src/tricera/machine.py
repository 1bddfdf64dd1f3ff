"""What the machine is, and what the C library, XLA and JAX must be told on it before the first array is made.

Each gives way to the user's own, and has a switch: `TRICERA_MALLOC=0`, `TRICERA_XLA_FLAGS=0`, `TRICERA_CACHE=0`.
Measurements are in `docs/performance.md`.
"""

import contextlib
import ctypes
import hashlib
import os
import platform as _host
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import jax
import jaxlib

# Names from glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_KEEP_FREED = 2**31 - 1
_TOP_PAD = 64 << 20

_FUSIONS = "--xla_cpu_experimental_ynn_fusion_type"
_MIB = 1 << 20
_CACHE_LIMIT = 1024 * _MIB
_SECONDS_TO_TRIM = 3.0
_CPU_SHARE, _ACCELERATOR_SHARE = 0.25, 0.5


def prepare() -> None:
    """Set up the process: allocator, XLA's flags, and XLA's cache on disk. Starts no backend."""
    keep_freed_memory()
    _add_xla_flags()
    _cache_programs()


def keep_freed_memory() -> bool:
    """Make glibc keep freed memory: mapping it anew at each call would fault each page in again. True where done."""
    if os.environ.get("TRICERA_MALLOC") == "0" or _host.system() != "Linux" or _host.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    # One arena: those of other threads, where XLA allocates, map what is larger than 64 MB all the same.
    settings = ((_M_MMAP_MAX, 0), (_M_TRIM_THRESHOLD, _KEEP_FREED), (_M_TOP_PAD, _TOP_PAD), (_M_ARENA_MAX, 1))
    return all(mallopt(name, value) == 1 for name, value in settings)


def platform() -> str:
    """Where programs run: `"cpu"`, `"gpu"` or `"tpu"`, or `"any"` of them. Starts the backend."""
    return "any" if _portable.get() else jax.default_backend()


_portable: ContextVar[bool] = ContextVar("tricera_portable", default=False)


@contextmanager
def portable() -> Iterator[None]:
    """Run a block in which programs are made of what every platform has, for machines other than this one."""
    token = _portable.set(True)
    try:
        yield
    finally:
        _portable.reset(token)


def memory_budget_bytes() -> int:
    """How many bytes of training data may stay on the device: a share of its free memory."""
    if platform() == "cpu":
        return int(_CPU_SHARE * free_host_bytes())
    stats = jax.local_devices()[0].memory_stats() or {}
    free = stats.get("bytes_limit", 0) - stats.get("bytes_in_use", 0)
    return int(_ACCELERATOR_SHARE * free)


def _add_xla_flags() -> None:
    """Keep single convolutions out of YNNPACK, which is slower for them than XLA's own; other versions have no need."""
    flags = os.environ.get("XLA_FLAGS", "")
    if os.environ.get("TRICERA_XLA_FLAGS") == "0" or _FUSIONS in flags:
        return
    if (0, 10, 2) <= jaxlib.version.__version_info__ < (0, 12):  # an unknown flag would end the process
        os.environ["XLA_FLAGS"] = f"{flags} {_FUSIONS}=-individual_convolution".strip()


def _cache_home() -> Path:
    return Path(os.environ.get("TRICERA_CACHE_DIR") or Path.home() / ".cache" / "tricera" / "xla")


def cache_folder() -> Path | None:
    """Where what is compiled for this processor is kept; None where nothing may or can be kept."""
    folder = _cache_home()
    if os.environ.get("TRICERA_CACHE") == "0" or not _writable(folder):
        return None
    # Machine code: another processor, sharing the folder, must not find it.
    return folder / _processor()


def _cache_programs() -> None:
    """Keep compiled programs on disk, so that a second run of a script starts at once."""
    if jax.config.jax_compilation_cache_dir or (folder := cache_folder()) is None:  # type: ignore[attr-defined]
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    if "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES" not in os.environ:
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    limit = int(os.environ.get("TRICERA_CACHE_LIMIT") or _CACHE_LIMIT)
    trimming = threading.Timer(_SECONDS_TO_TRIM, trim, (_cache_home(), limit))  # when imports are done
    trimming.name, trimming.daemon = "tricera-trim", True
    trimming.start()


def trim(folder: Path, limit: int) -> None:
    """Delete the programs below a folder that were not used for longest, until `limit` bytes are left.

    Other processes may read, write and trim at the same time: a program that is gone is compiled again.
    """
    programs = []
    for path in folder.glob("**/*-cache"):
        with contextlib.suppress(OSError):
            found = path.stat()
            # Where the system notes no reading, or but once a day, the writing counts.
            programs.append((max(found.st_atime, found.st_mtime), found.st_size, path))
    excess = sum(size for _, size, _ in programs) - limit
    for _, size, path in sorted(programs):
        if excess <= 0:
            return
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            excess -= size


def _writable(folder: Path) -> bool:
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


def _processor() -> str:
    """A name for the processor's instruction set."""
    features = f"{_host.machine()} {_host.system()} " + _first_lines(
        "/proc/cpuinfo", ("model name", "flags", "Features")
    )
    return hashlib.sha256(features.encode()).hexdigest()[:12]


def _first_lines(path: str, names: tuple[str, ...]) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            text = file.read(8192).split("\n\n")[0]
    except OSError:
        return ""
    return " ".join(line for line in text.splitlines() if line.startswith(names))


def free_host_bytes() -> int:
    """Free memory of this machine, or what its container leaves."""
    free = [_kernel_available(), _container_available()]
    return min((amount for amount in free if amount is not None), default=1024 * _MIB)


def _kernel_available() -> int | None:
    try:
        rows = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None


def _container_available() -> int | None:
    group = Path("/sys/fs/cgroup")
    try:
        return int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or no limit: the file then says "max"
        return None
