"""Files from the network: fetched once into the cache, whole and checked, or not at all."""

import contextlib
import hashlib
import http.client
import os
import secrets
import stat
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import IO

from tricera import config
from tricera.errors import SafetyError, report
from tricera.utils.archives import extract as extract_archive
from tricera.utils.archives import is_portable

_CHUNK = 1 << 18
_TIMEOUT = 60
_ALGORITHMS = ("auto", "md5", "sha256")


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """The path of the file at `origin`, downloaded unless `<cache_dir>/<cache_subdir>/<fname>` is there.

    The file appears under its name only when it is complete and has the hash. With `extract`, the path of the
    folder that it is unpacked to: `fname` if that has no dot, else `<stem>_extracted`.

    Args:
        origin: an `http:`, `https:` or `file:` URL; a redirect may lead to the first two only, and not from `https:`
            to `http:`.
        file_hash: SHA-256 (64 digits) or MD5; a cached file with another one is downloaded again.
        cache_dir: `config.home()` by default.

    Raises:
        ValueError: a name leaves its folder, or the hash differs.
        OSError: the download failed.
        SafetyError: the archive would write outside its folder, or is a bomb.
    """
    if origin is None:
        raise ValueError(report('Please specify the "origin" argument (URL of the file to download).'))
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    hasher = _hasher(hash_algorithm, file_hash)
    name = _file_name(fname, origin)
    unpack = extract or untar
    if unpack and not (fname and "." in name):
        folder_name, name = name, f"{name}_archive"
    else:
        folder_name = f"{name.split('.')[0]}_extracted"
    path = _cached(name, origin, cache_dir, cache_subdir, file_hash, hasher, force_download)
    if not unpack:
        return str(path)
    folder = path if os.access(path.parent, os.W_OK) else _folder(_spare(), cache_subdir) / name
    folder = folder.with_name(folder_name)
    if not extract_archive(path, folder, "tar" if untar else archive_format):
        warnings.warn("Could not extract archive.", stacklevel=2)
    return str(folder)


def hash_file(path: str | os.PathLike, algorithm: str = "sha256") -> str:
    """The digest of a file in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def cache_path(name: str | os.PathLike, cache_subdir: str = "datasets") -> Path:
    """Where the cache keeps the file `name`, whether or not it is there."""
    return _folder(config.home(), cache_subdir) / name


def shown(path: str | os.PathLike) -> str:
    """`path` as people write it: with `~` for their home folder."""
    with contextlib.suppress(ValueError, RuntimeError):
        return str(Path("~") / Path(path).relative_to(Path.home()))
    return str(path)


def _hasher(algorithm: str, file_hash: str | None) -> str | None:
    """The name of the algorithm that made `file_hash`."""
    if algorithm not in _ALGORITHMS:
        expected = "'auto', 'md5' or 'sha256'"
        raise ValueError(report("Unknown `hash_algorithm`.", expected=expected, got=repr(algorithm)))
    if file_hash is None:
        return None
    return ("sha256" if len(file_hash) == 64 else "md5") if algorithm == "auto" else algorithm


def _file_name(fname: str | os.PathLike | None, origin: str) -> str:
    name = os.fspath(fname) if fname else urllib.parse.urlsplit(origin).path.rsplit("/", 1)[-1]
    if not name:
        what = f"Can't parse the file name from the origin provided: {origin!r}."
        raise ValueError(report(what, fix="Please specify the `fname` argument."))
    if not is_portable(name):
        what = "Paths are no longer accepted as the `fname` argument."
        fix = "give the name alone, and its folder by `cache_dir` and `cache_subdir`."
        raise ValueError(report(what, expected="a file name", got=repr(name), fix=fix))
    return name


def _folder(base: Path, cache_subdir: str | os.PathLike) -> Path:
    """`cache_subdir` if it is absolute, else its place below `base`."""
    below = PurePath(os.path.normpath(cache_subdir))
    if ".." in below.parts:
        fix = "give a folder below `cache_dir`, or an absolute path."
        raise ValueError(report("`cache_subdir` leaves the cache.", got=repr(os.fspath(cache_subdir)), fix=fix))
    return base / below


def _spare() -> Path:
    """The cache of those whose home cannot be written: a folder of their own among the temporary ones."""
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir()) / f".keras-{user or 0}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or user not in (None, found.st_uid):
        raise SafetyError(report(f"{folder} belongs to somebody else.", fix="set KERAS_HOME to a folder of your own."))
    return folder


def _writable(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    return os.access(folder, os.W_OK)


def _cached(name, origin, cache_dir, cache_subdir, file_hash, algorithm, force_download) -> Path:
    """The path of the cached file, downloaded if need be."""
    path = _folder(Path(cache_dir or config.home()).expanduser(), cache_subdir) / name
    if not force_download and path.exists() and _has_hash(path, file_hash, algorithm):
        return path
    if not _writable(path.parent):
        spare = _folder(_spare(), cache_subdir)
        if not _writable(spare):
            raise PermissionError(report(f"{shown(spare)} cannot be written.", fix="choose another `cache_dir`."))
        path = spare / name
        if not force_download and path.exists() and _has_hash(path, file_hash, algorithm):
            return path
    _download(origin, path, file_hash, algorithm)
    return path


def _has_hash(path: Path, file_hash: str | None, algorithm: str | None) -> bool:
    if file_hash is None or hash_file(path, algorithm) == file_hash.lower():
        return True
    print(
        f"tricera: {shown(path)} has another {algorithm} hash than expected: it is downloaded again.", file=sys.stderr
    )
    return False


def _download(origin: str, path: Path, file_hash: str | None, algorithm: str | None) -> None:
    """Fetch `origin` under a temporary name in the folder of `path`; `path` appears when all is well."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        with _opened(origin) as (source, size), open(part, "xb") as file:
            digest = _copy(source, file, size, f"Downloading {path.name}", algorithm)
            file.flush()
            os.fsync(file.fileno())
        if file_hash is not None and digest != file_hash.lower():
            what = f"Incomplete or corrupted file detected. The {algorithm} file hash does not match the provided value"
            fix = "check the URL and the hash; nothing was kept."
            raise ValueError(
                report(f"{what} of {file_hash}.", expected=file_hash, got=f"{digest} from {origin}", fix=fix)
            )
        os.replace(part, path)
    except (OSError, http.client.HTTPException) as error:
        why = error if isinstance(error, urllib.error.HTTPError) else getattr(error, "reason", None) or error
        raise OSError(
            report(
                f"URL fetch failure on {origin}: {why}",
                expected=f"the file {path.name}",
                fix=f"connect to the network, or put the file into {shown(path.parent)} yourself.",
            )
        ) from error
    finally:
        part.unlink(missing_ok=True)


class _WebRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect to the web only."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        scheme = urllib.parse.urlsplit(newurl).scheme
        if scheme not in ("http", "https"):
            raise urllib.error.URLError(f"it redirects to {newurl!r}, which is not on the web")
        if scheme == "http" and req.type == "https":
            raise urllib.error.URLError(f"it redirects to {newurl!r}, which anybody on the way can read and change")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _web() -> urllib.request.OpenerDirector:
    """An opener that knows http and https, and no other scheme."""
    opener = urllib.request.OpenerDirector()
    opener.addheaders = [("User-agent", "tricera")]
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        urllib.request.UnknownHandler,
        _WebRedirects,
    ):
        opener.add_handler(handler())
    return opener


@contextlib.contextmanager
def _opened(origin: str) -> Iterator[tuple[IO[bytes], int | None]]:
    """The bytes at `origin` and their number, where it is known."""
    url = urllib.parse.urlsplit(origin)
    if url.scheme == "file" and url.netloc in ("", "localhost"):
        with open(urllib.request.url2pathname(url.path), "rb") as file:
            yield file, os.fstat(file.fileno()).st_size
    elif url.scheme in ("http", "https"):
        with _web().open(origin, timeout=_TIMEOUT) as response:
            size = response.headers.get("Content-Length", "")
            yield response, int(size) if size.isdigit() else None
    else:
        raise ValueError(report("`origin` is not a web address.", expected="https://, http:// or file:///", got=origin))


def _copy(source: IO[bytes], file: IO[bytes], size: int | None, title: str, algorithm: str | None) -> str:
    """Copy all of `source`; the digest of what was copied."""
    digest, done = hashlib.new(algorithm or "sha256"), 0
    with _progress(title, size) as advance:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            advance(len(chunk))
    if size is not None and done != size:
        raise OSError(f"the connection ended after {done:,} of {size:,} bytes")
    return digest.hexdigest()


@contextlib.contextmanager
def _progress(title: str, size: int | None) -> Iterator:
    """A function to call with each number of new bytes; on a terminal, it moves a bar."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=size)
        yield lambda count: bar.advance(task, count)
