"""Files that were published with a network: from the cache, whatever their hash, else from the network."""

import sys

from tricera import config
from tricera.utils import get_file
from tricera.utils.files import hash_file


def published(name: str, url: str, file_hash: str | None) -> str:
    """The path of a file of the cache's folder `models`; one line says where it is not the published one."""
    cached = config.home() / "models" / name
    if not cached.exists():
        return str(get_file(name, url, cache_subdir="models", file_hash=file_hash))
    if file_hash and hash_file(cached, "sha256" if len(file_hash) == 64 else "md5") != file_hash:
        print(f"tricera: using {cached}, which is not the published file.", file=sys.stderr)
    return str(cached)
