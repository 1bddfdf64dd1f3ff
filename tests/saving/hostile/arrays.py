"""What files of arrays may hold that are no arrays of theirs: links, other files' data, promises."""

import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

from tests.saving.hostile import doors
from tests.saving.hostile.doors import Door, case


def _everywhere(folder: Path, change: Callable[[str, Path], None]) -> Iterator[Door]:
    """The change to the kernel, in every file that has one."""
    secret = folder / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.full((4, 3), 42.0, "float32")

    def changed(group, name):
        del group[name]
        change(group, name, secret)

    data = doors.arrays(folder / "m.weights.h5", lambda group: changed(group, "0"))
    doors.unzipped(doors.archive(folder / "m.keras", weights=data), folder / "folder")
    doors.legacy(folder / "m.h5", change=lambda group: changed(group, "kernel:0"))
    yield from doors.for_files(folder)


LINK = "is a link to elsewhere"


@case(LINK, "CVE-2026-1669", "CVE-2026-9335")
def an_external_link(folder: Path) -> Iterator[Door]:
    yield from _everywhere(
        folder, lambda group, name, secret: group.__setitem__(name, h5py.ExternalLink(secret, "secret"))
    )


@case(LINK, "CVE-2026-9335")
def a_soft_link(folder: Path) -> Iterator[Door]:
    yield from _everywhere(folder, lambda group, name, _: group.__setitem__(name, h5py.SoftLink("/layers")))


@case(LINK, "CVE-2026-9335")
def a_linked_group(folder: Path) -> Iterator[Door]:
    def change(group, name, secret):
        group.file["x"] = h5py.ExternalLink(secret, "/")

    yield from _everywhere(folder, change)


@case("has external storage", "CVE-2026-1669")
def storage_in_another_file(folder: Path) -> Iterator[Door]:
    def change(group, name, secret):
        group.create_dataset(name, (4, 3), "float32", external=[(str(secret), 0, 48)])

    yield from _everywhere(folder, change)


@case("is a virtual dataset", "CVE-2026-12480")
def a_view_of_another_file(folder: Path) -> Iterator[Door]:
    def change(group, name, secret):
        layout = h5py.VirtualLayout((4, 3), "float32")
        layout[:] = h5py.VirtualSource(str(secret), "secret", (4, 3))
        group.create_virtual_dataset(name, layout)

    yield from _everywhere(folder, change)


@case("declare far more than", "CVE-2026-0897", "CVE-2026-12570")
def a_petabyte_of_nothing(folder: Path) -> Iterator[Door]:
    def change(group, name, _):
        group.create_dataset(name, (1 << 25, 1 << 25), "float32", chunks=(1024, 1024), compression="gzip")

    yield from _everywhere(folder, change)


@case("declare far more than", "CVE-2026-12570")
def many_arrays_of_nothing(folder: Path) -> Iterator[Door]:
    def change(group, name, _):
        for i in range(300):
            group.create_dataset(f"{name}{i}", (1 << 18,), "float32", chunks=(1 << 18,))

    yield from _everywhere(folder, change)


@case("would take far more than what the file stores", "CVE-2026-12570")
def a_configuration_that_asks_for_gigabytes(folder: Path) -> Iterator[Door]:
    form = doors.whole()["config"]["layers"][1]
    form["config"]["units"] = 10**9
    doors.unzipped(doors.archive(folder / "m.keras", doors.whole(form)), folder / "folder")
    doors.legacy(folder / "m.h5", doors.whole(form))
    yield from doors.for_files(folder, weights=False)
    yield "model_from_json", lambda: doors.models.model_from_json(json.dumps(doors.whole(form)))


@case("declares? (far more|\\d+ bytes)|far more than|is damaged", "CVE-2026-12570")
def members_that_swell(folder: Path) -> Iterator[Door]:
    zeros = bytes(1 << 27)
    doors.archive(folder / "m.keras", zeros)
    yield from doors.for_files(folder, weights=False)
    doors.archive(folder / "m.keras", weights=zeros)
    yield from doors.for_files(folder)
    doors.archive(folder / "m.keras", **{f"assets/{i}": bytes(1 << 24) for i in range(8)})
    yield from doors.for_files(folder, weights=False)


@case("is nested too deeply|is too long|is no JSON", "CVE-2026-12570")
def a_text_without_end(folder: Path) -> Iterator[Door]:
    for text in (b'{"a":' + b"[" * 100_000, b'{"class_name": "Sequential", "config": {"layers": [' * 5_000):
        doors.archive(folder / "m.keras", text)
        yield from doors.for_files(folder, weights=False)
        yield "model_from_json", lambda text=text: doors.models.model_from_json(text.decode())


@case(
    "two members of the same name|has no member|is encrypted|is damaged|is no place for a file|leaves the folder",
    "CVE-2026-11816",
)
def names_of_members(folder: Path) -> Iterator[Door]:
    good = doors.archive(folder / "good.keras")
    for name in ("config.json", "./config.json"):
        with zipfile.ZipFile(good) as old, zipfile.ZipFile(folder / "m.keras", "w") as new:
            for each in ("metadata.json", "model.weights.h5", *(["config.json"] if name == "config.json" else [])):
                new.writestr(each, old.read(each))
            new.writestr(name, "{}")
        yield from doors.for_files(folder, weights=False)


@case("is a link|has no member|is no place for a file", "CVE-2026-11816", "CVE-2026-12482")
def links_in_a_folder(folder: Path) -> Iterator[Door]:
    doors.archive(folder / "good.keras")
    for name in ("config.json", "model.weights.h5"):
        place = doors.unzipped(folder / "good.keras", folder / "folder")
        (place / name).rename(folder / name)
        os.symlink(folder / name, place / name)
        yield from doors.for_files(folder, weights=name != "config.json")
        (place / name).unlink()


@case(None, "CVE-2026-12479")
def names_of_layers_that_are_paths(folder: Path) -> Iterator[Door]:
    for name in ("..", "a\\..\\b", "C:x", "x" * 3000):
        form = doors.whole()["config"]["layers"][1]
        form["config"]["name"] = name
        doors.archive(folder / "m.keras", doors.whole(form))
        yield f"load_model of {name[:9]!r}", lambda: _saved_again(folder)


def _saved_again(folder: Path):
    made = doors.models.load_model(folder / "m.keras")
    made.save(folder / "again.keras")
    made.save_weights(folder / "again.weights.h5")
    with (
        zipfile.ZipFile(folder / "again.keras") as file,
        h5py.File(io.BytesIO(file.read("model.weights.h5"))) as arrays,
    ):
        assert set(file.namelist()) == {"metadata.json", "config.json", "model.weights.h5"}
        assert list(arrays["layers"]) == ["dense"]
    return doors.models.load_model(folder / "again.keras")
