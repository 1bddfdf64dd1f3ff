"""Downloads from a server on this machine, and archives made to do harm."""

import hashlib
import http.server
import io
import os
import struct
import tarfile
import tempfile
import threading
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest

from tricera.errors import SafetyError
from tricera.utils import archives
from tricera.utils.files import _WebRedirects, get_file

BODY = b"some bytes " * 100
SHA = hashlib.sha256(BODY).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    canary = ""

    def do_GET(self):
        places = {"/to_file": f"file://{self.canary}", "/to_ftp": "ftp://127.0.0.1/x", "/moved": "/good.bin"}
        if self.path == "/missing":
            return self.send_error(404)
        if self.path in places:
            self.send_response(302)
            self.send_header("Location", places[self.path])
            return self.end_headers()
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY) + (7 if self.path == "/short.bin" else 0)))
        self.end_headers()
        return self.wfile.write(BODY)

    def log_message(self, *_):
        return None


@pytest.fixture(scope="module")
def server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "home"


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


@pytest.mark.parametrize("hashes", [{}, {"file_hash": SHA}, {"md5_hash": hashlib.md5(BODY).hexdigest()}])
def test_download(server, home, hashes):
    path = get_file("x.bin", f"{server}/moved", **hashes)
    assert path == str(home / "datasets" / "x.bin")
    assert Path(path).read_bytes() == BODY
    assert get_file("x.bin", "http://127.0.0.1:1/nowhere", **hashes) == path
    assert files_below(home) == ["datasets/x.bin"]


def test_name_from_the_address_and_other_folders(server, tmp_path):
    path = get_file(origin=f"{server}/good.bin?x=/../y", cache_dir=tmp_path / "a", cache_subdir="b/c")
    assert path == str(tmp_path / "a" / "b" / "c" / "good.bin")
    path = get_file(origin=f"{server}/good.bin", cache_subdir=str(tmp_path / "absolute"))
    assert path == str(tmp_path / "absolute" / "good.bin")


def test_the_users_own_file_address(tmp_path):
    (tmp_path / "own").write_bytes(BODY)
    assert Path(get_file(origin=f"file://{tmp_path}/own", file_hash=SHA)).read_bytes() == BODY


def test_another_hash_in_the_cache_downloads_again(server, home, capfd):
    (home / "datasets").mkdir(parents=True)
    (home / "datasets" / "x").write_bytes(b"old")
    assert Path(get_file("x", f"{server}/good.bin", file_hash=SHA)).read_bytes() == BODY
    line = f"tricera: {home}/datasets/x has another sha256 hash than expected: it is downloaded again.\n"
    assert capfd.readouterr() == ("", line)


def test_a_failed_download_keeps_the_old_file(server, home):
    (home / "datasets").mkdir(parents=True)
    (home / "datasets" / "x").write_bytes(b"old")
    with pytest.raises(OSError, match="404"):
        get_file("x", f"{server}/missing", force_download=True)
    assert (home / "datasets" / "x").read_bytes() == b"old"


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("short.bin", "the connection ended after 1,100 of 1,107 bytes"),
        ("missing", "HTTP Error 404: Not Found"),
        ("to_file", "is not allowed"),
        ("to_ftp", "it redirects to 'ftp://127.0.0.1/x', which is not on the web"),
    ],
)
def test_failures_leave_nothing(server, home, tmp_path, where, why):
    Handler.canary = str(tmp_path / "canary")
    (tmp_path / "canary").write_text("secret")
    with pytest.raises(OSError) as caught:
        get_file("x", f"{server}/{where}")
    lines = str(caught.value).split("\n")
    assert lines[0].startswith(f"URL fetch failure on {server}/{where}: ")
    assert lines[0].endswith(why)
    assert lines[1:] == [
        "  expected: the file x",
        f"  fix:      connect to the network, or put the file into {home}/datasets yourself.",
    ]
    assert files_below(home) == []


def test_wrong_hash_leaves_nothing(server, home):
    with pytest.raises(ValueError) as caught:
        get_file("x", f"{server}/good.bin", file_hash="0" * 64)
    assert str(caught.value) == (
        "Incomplete or corrupted file detected. The sha256 file hash does not match the provided value of "
        f"{'0' * 64}.\n  expected: {'0' * 64}\n  got:      {SHA} from {server}/good.bin\n"
        "  fix:      check the URL and the hash; nothing was kept."
    )
    assert files_below(home) == []


def test_a_planted_link_is_replaced_not_followed(server, home, tmp_path):
    (home / "datasets").mkdir(parents=True)
    (home / "datasets" / "x").symlink_to(tmp_path / "victim")
    get_file("x", f"{server}/good.bin", force_download=True)
    assert not (tmp_path / "victim").exists()
    assert (home / "datasets" / "x").read_bytes() == BODY


def test_a_home_that_cannot_be_written(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "file" / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    spare = tmp_path / "temporary" / f".keras-{os.getuid()}"
    assert get_file("x", f"{server}/good.bin") == str(spare / "datasets" / "x")
    assert spare.stat().st_mode & 0o777 == 0o700
    spare.rename(tmp_path / "elsewhere")
    spare.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SafetyError) as caught:
        get_file("x", f"{server}/good.bin")
    assert str(caught.value) == (
        f"{spare} belongs to somebody else.\n  fix:      set KERAS_HOME to a folder of your own."
    )


NOWHERE = [
    "..",
    "C:x",
    "a\\b",
    "a\0b",
    "CON",
    "nul.txt",
    "Com1.tar.gz",
    "lpt\u00b9",
    "aux .x",
    "COM0:",
    "x.",
    "x ",
    "...",
]


@pytest.mark.parametrize("name", ["../x", "a/b", *NOWHERE])
def test_names_that_are_paths(name):
    with pytest.raises(ValueError) as caught:
        get_file(name, "http://127.0.0.1:1/x")
    assert str(caught.value) == (
        "Paths are no longer accepted as the `fname` argument.\n  expected: a file name\n"
        f"  got:      {name!r}\n  fix:      give the name alone, and its folder by `cache_dir` and `cache_subdir`."
    )


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({}, 'Please specify the "origin" argument'),
        ({"origin": "http://127.0.0.1:1/"}, "Can't parse the file name from the origin"),
        ({"origin": "http://127.0.0.1:1/nul"}, "Paths are no longer accepted"),
        ({"origin": "http://127.0.0.1:1/x", "hash_algorithm": "crc"}, "Unknown `hash_algorithm`"),
        ({"origin": "ftp://127.0.0.1/x"}, "`origin` is not a web address"),
        ({"origin": "data:,x", "fname": "x"}, "`origin` is not a web address"),
    ],
)
def test_arguments(arguments, what):
    with pytest.raises(ValueError, match=what):
        get_file(**arguments)


@pytest.mark.parametrize("folder", ["..", "a/../../b", "../datasets"])
def test_folders_outside_the_cache(folder, home):
    with pytest.raises(ValueError) as caught:
        get_file("x", "http://127.0.0.1:1/x", cache_subdir=folder)
    assert str(caught.value) == (
        f"`cache_subdir` leaves the cache.\n  got:      {folder!r}\n"
        "  fix:      give a folder below `cache_dir`, or an absolute path."
    )
    assert not home.exists()


def test_a_redirect_does_not_lead_from_https_to_http():
    target = "http://127.0.0.1:1/x"
    request = urllib.request.Request("https://127.0.0.1:1/x")
    with pytest.raises(urllib.error.URLError) as caught:
        _WebRedirects().redirect_request(request, None, 302, "Found", {}, target)
    assert caught.value.reason == f"it redirects to {target!r}, which anybody on the way can read and change"
    request = urllib.request.Request("http://127.0.0.1:1/x")
    for url in (target, "https://127.0.0.1:1/x"):
        assert _WebRedirects().redirect_request(request, None, 302, "Found", {}, url).full_url == url


# Archives.


def tar(path, *members, mode="w:gz"):
    """A tar file of `(name, content)` and of `TarInfo`."""
    with tarfile.open(path, mode) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
    return path


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zipped(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return path


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize(("fname", "folder"), [("set", "set"), ("set.tar.gz", "set_extracted"), (None, "own.x")])
def test_extract(home, tmp_path, make, fname, folder):
    make(tmp_path / "own.x", ("a/b.txt", b"B"), ("./c.txt", b"C"))
    for _ in range(2):
        path = get_file(fname, f"file://{tmp_path}/own.x", extract=True)
        assert path == str(home / "datasets" / folder)
        assert files_below(home / "datasets" / folder) == ["a/b.txt", "c.txt"]
    assert not [name for name in os.listdir(home / "datasets") if name.startswith(".")]


def test_no_archive_warns(tmp_path):
    (tmp_path / "own").write_bytes(BODY)
    with pytest.warns(UserWarning, match=r"Could not extract archive\."):
        get_file(origin=f"file://{tmp_path}/own", extract=True)


def test_unpacking_again_keeps_what_else_is_there(tmp_path):
    tar(tmp_path / "x.tar", ("a/b", b"new"))
    (tmp_path / "out" / "a").mkdir(parents=True)
    (tmp_path / "out" / "a" / "mine").write_text("kept")
    (tmp_path / "out" / "a" / "b").write_text("old")
    assert archives.extract(tmp_path / "x.tar", tmp_path / "out")
    assert (tmp_path / "out" / "a" / "b").read_text() == "new"
    assert (tmp_path / "out" / "a" / "mine").read_text() == "kept"


def test_links_within_the_archive_become_copies(tmp_path):
    tar(tmp_path / "x.tar", ("a/b", b"B"), link("a/soft", "b"), link("hard", "a/soft", tarfile.LNKTYPE))
    assert archives.extract(tmp_path / "x.tar", tmp_path / "out")
    assert [(tmp_path / "out" / name).read_bytes() for name in ("a/soft", "hard")] == [b"B", b"B"]
    assert not any(path.is_symlink() for path in (tmp_path / "out").rglob("*"))


HOSTILE = {
    "parent": [("../out", b"")],
    "deep_parent": [("a/../../out", b"")],
    "absolute": [("/tmp/tricera_canary", b"")],
    "drive": [("C:x", b"")],
    "backslash": [("..\\x", b"")],
    "soft_link_out": [link("l", "../../etc/passwd")],
    "soft_link_absolute": [link("l", "/etc/passwd")],
    "hard_link_out": [link("l", "../canary", tarfile.LNKTYPE)],
    "link_to_folder": [link("l", "."), ("l/x", b"")],
    "loop": [link("a", "b"), link("b", "a")],
    "reserved": [("a/CON.txt", b"")],
    "reserved_folder": [("nul/x", b"")],
    "trailing_dot": [("a./x", b"")],
    "case": [("GOOD", b"")],
    "linked_case": [link("Good", "good")],
    "file_and_folder": [("Good/x", b"")],
    "device": [link("d", "", tarfile.CHRTYPE)],
    "fifo": [link("d", "", tarfile.FIFOTYPE)],
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("where", ["inside", "/"])
def test_hostile_tar(tmp_path, monkeypatch, case, where):
    sandbox = tmp_path / "sandbox"
    sandbox.mkdir()
    (tmp_path / "canary").write_text("secret")
    path = tar(tmp_path / "x.tar", ("good", b"good"), *HOSTILE[case])
    monkeypatch.chdir(sandbox if where == "inside" else where)
    before = files_below(tmp_path)
    with pytest.raises(SafetyError, match="is not safe to unpack: its member"):
        archives.extract(path, sandbox / "target")
    assert files_below(tmp_path) == before


LEAVES, NO_NAME = "leaves the folder that it is unpacked to", "has a name that not every system can have"
REFUSED = {
    **dict.fromkeys(["../x", "/x", "a/../../x", "..\\x", "C:x", "\\\\host\\x", "a\\..\\x"], LEAVES),
    **dict.fromkeys(["CON", "a/nul.txt", "Aux/x", "com1.tar.gz", "LPT\u00b2", "prn .x", "x.", "x ", "a. /x"], NO_NAME),
    "GOOD": "and its 'good' are one place on some systems",
    "good/x": "and its 'good' are one place on some systems",
    "F/E\u0301": "and its 'f/\u00e9' are one place on some systems",
    "F": "and its 'f/' are one place on some systems",
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("make", [tar, zipped])
def test_names_of_members(tmp_path, make, name):
    path = make(tmp_path / "x", ("good", b""), ("f/\u00e9", b""), (name, b""))
    with pytest.raises(SafetyError) as caught:
        archives.extract(path, tmp_path / "target")
    assert str(caught.value) == (
        f"{path} is not safe to unpack: its member {name!r} {REFUSED[name]}.\n"
        "  fix:      unpack it yourself if you trust its author; nothing was unpacked."
    )
    assert files_below(tmp_path) == ["x"]


def test_names_that_are_meant(tmp_path):
    names = ["CONSOLE", "com10", "nullary.txt", ".hidden", "a b/c", "Doc/a", "doc/b", "twice", "twice"]
    path = tar(tmp_path / "x", *((name, str(i).encode()) for i, name in enumerate(names)))
    assert archives.extract(path, tmp_path / "out")
    assert files_below(tmp_path / "out") == sorted(set(names))
    assert (tmp_path / "out" / "twice").read_bytes() == b"8"


@pytest.mark.parametrize("make", [tar, zipped])
def test_far_too_many_members(tmp_path, monkeypatch, make):
    monkeypatch.setattr(archives, "MEMBERS", 20)
    monkeypatch.setattr(archives, "STORED", 1 << 20)
    path = make(tmp_path / "x", *((f"f{i}", b"") for i in range(21)))
    with pytest.raises(SafetyError) as caught:
        archives.extract(path, tmp_path / "target")
    assert str(caught.value) == (
        f"{path} is not safe to unpack: its member 'f20' is one of far too many.\n"
        "  fix:      unpack it yourself if you trust its author; nothing was unpacked."
    )
    monkeypatch.setattr(archives, "STORED", 1)
    assert archives.extract(path, tmp_path / "target")


@pytest.mark.parametrize("make", [tar, zipped])
def test_bombs(tmp_path, monkeypatch, make):
    monkeypatch.setattr(archives, "FREE", 1 << 16)
    one = make(tmp_path / "one", ("zeros", bytes(1 << 22)))
    many = make(tmp_path / "many", *((f"zeros{i}", bytes(1 << 15)) for i in range(100)))
    if make is zipped:
        many = make(tmp_path / "many", *((f"zeros{i}", bytes(1 << 18)) for i in range(9)))
    for path in (one, many):
        with pytest.raises(SafetyError, match="far larger than what it stores"):
            archives.extract(path, tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_a_tar_header_that_declares_gigabytes(tmp_path):
    info = link("pax", "", tarfile.XHDTYPE)
    info.size = 1 << 33
    (tmp_path / "x.tar").write_bytes(info.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    assert not archives.extract(tmp_path / "x.tar", tmp_path / "target")


def test_a_zip_that_lies_about_a_size(tmp_path):
    path = zipped(tmp_path / "x.zip", ("zeros", bytes(1 << 20)))
    data = path.read_bytes()
    path.write_bytes(data.replace(struct.pack("<L", 1 << 20), struct.pack("<L", 10)))
    with pytest.raises(ValueError, match="is damaged"):
        archives.extract(path, tmp_path / "target")
    assert files_below(tmp_path) == ["x.zip"]


def test_unknown_format(tmp_path):
    with pytest.raises(NotImplementedError) as caught:
        archives.extract(tmp_path / "x", tmp_path, "rar")
    assert str(caught.value) == (
        "Unknown `archive_format`.\n  expected: 'auto', 'tar', 'zip' or None\n  got:      'rar'"
    )
