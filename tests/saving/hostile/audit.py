"""Sees what this process does: files, sockets, processes, code, imports, by a hook that cannot be removed."""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
_LIBRARIES = {sys.prefix, sys.base_prefix, *filter(None, sys.path), ROOT / "src", ROOT / "tools", "/proc", "/sys"}
_READ = (*(str(Path(place).resolve()) + os.sep for place in _LIBRARIES), "/dev/null", "/dev/urandom")
_NEVER = {"os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "subprocess.Popen", "pickle.find_class"}
_NEVER |= {"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto", "urllib.Request", "ftplib.connect"}
_CHANGES = {"os.remove": 1, "os.mkdir": 1, "os.rmdir": 1, "os.chmod": 1, "os.truncate": 1, "shutil.rmtree": 1}
_BY_FOLDER = {"os.remove", "os.rmdir"}  # which `shutil.rmtree`, seen itself, calls with names in an open folder
_CHANGES |= {"os.rename": 2, "os.symlink": 2, "os.link": 2, "shutil.copyfile": 2, "shutil.move": 2}

_watched: list[tuple[str, set[str], list[str]]] = []


def _hook(event: str, arguments: tuple) -> None:
    if not _watched:
        return
    sandbox, roots, found = _watched[-1]
    if event == "open" and isinstance(arguments[0], str | bytes):
        place, flags = os.path.realpath(os.fsdecode(arguments[0])), arguments[2] or 0
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        if not (place + os.sep).startswith(sandbox) and (writes or not place.startswith(_READ)):
            found.append(f"opens {place}")
    elif event in _NEVER:
        found.append(f"{event} {arguments[:2]!r}"[:200])
    elif event in _CHANGES and (event not in _BY_FOLDER or arguments[-1] == -1):
        for place in arguments[: _CHANGES[event]]:
            named = isinstance(place, str | bytes | os.PathLike)
            if named and not (os.path.realpath(os.fsdecode(place)) + os.sep).startswith(sandbox):
                found.append(f"{event} {place!r}")
    elif event == "import":
        if arguments[0].partition(".")[0] not in roots:
            found.append(f"imports {arguments[0]}")
    elif event in ("marshal.loads", "marshal.load") and not _is_import(sys._getframe(1)):
        found.append(event)
    elif event in ("exec", "function.__new__") and hasattr(arguments[0], "co_filename"):
        place = arguments[0].co_filename
        if not place.startswith(("<frozen", "<string>", "<@")) and not os.path.realpath(place).startswith(_READ):
            found.append(f"{event} of {place}")


def _is_import(frame: object) -> bool:
    return frame.f_code.co_filename.startswith("<frozen importlib")


sys.addaudithook(_hook)


@contextmanager
def watching(sandbox: Path) -> Iterator[list[str]]:
    """Run a block; the list is of what it did beside reading and writing in the sandbox and importing libraries."""
    known = {name.partition(".")[0] for name in (*sys.modules, *sys.stdlib_module_names)} - {"antigravity", "this"}
    known |= {"scipy", "ml_dtypes", "opt_einsum", "rich", "PIL"}  # what Tricera stands on
    found: list[str] = []
    _watched.append((str(sandbox.resolve()) + os.sep, known, found))
    try:
        yield found
    finally:
        _watched.pop()


def limit(size: int) -> None:
    """Let this process take no more than `size` bytes beyond what it has."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + size, resource.RLIM_INFINITY))


def peak() -> int:
    """The most bytes that this process has had in memory so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
