"""Event files as TensorBoard reads them: records of protocol buffers with checksums, written without TensorFlow."""

import os
import socket
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import numpy as np

_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reversed


def _table() -> list[int]:
    found = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        found.append(value)
    return found


_TABLE = _table()


def masked_crc(data: bytes) -> int:
    """CRC-32C, rotated and shifted, as records carry it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def _field(number: int, value: Any) -> bytes:
    """A field of a message: text or bytes with their length, whole numbers as varints, floats in 8 bytes."""
    if isinstance(value, str | bytes):
        data = value.encode() if isinstance(value, str) else value
        return _varint(number << 3 | 2) + _varint(len(data)) + data
    if isinstance(value, float):
        return _varint(number << 3 | 1) + struct.pack("<d", value)
    return _varint(number << 3) + _varint(value)


def _single(number: int, value: float) -> bytes:
    return _varint(number << 3 | 5) + struct.pack("<f", value)


def _histogram(values: np.ndarray) -> bytes:
    """HistogramProto: extremes, count, sums, and the counts between edges."""
    flat = np.asarray(values, "float64").ravel()
    flat = flat[np.isfinite(flat)] if np.isfinite(flat).any() else np.zeros(1)
    counts, edges = np.histogram(flat, 30)
    numbers = (flat.min(), flat.max(), float(flat.size), flat.sum(), float((flat**2).sum()))
    head = b"".join(_field(i + 1, float(number)) for i, number in enumerate(numbers))
    return head + _field(6, edges[1:].astype("<f8").tobytes()) + _field(7, counts.astype("<f8").tobytes())


def _png(pixels: np.ndarray) -> bytes:
    """A picture in the format of the same name: each row begins with the number of its filter, 0."""
    height, width, channels = pixels.shape
    rows = np.concatenate([np.zeros((height, 1), "uint8"), pixels.reshape(height, width * channels)], axis=1)
    kind = {1: 0, 3: 2, 4: 6}[channels]
    chunks = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0),
        b"IDAT": zlib.compress(rows.tobytes()),
        b"IEND": b"",
    }
    body = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


class EventWriter:
    """A new event file in a folder, which is made.

    Args:
        suffix: of the file's name.
    """

    def __init__(self, folder: str | os.PathLike, suffix: str = ".v2"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{time.time_ns() % 10**9}"
        self._file = open(Path(folder) / f"{name}{suffix}", "xb")  # noqa: SIM115  closed by `close`
        self._write(_field(3, "brain.Event:2"))

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Write one number of a step."""
        self._summary(step, _field(1, tag) + _single(2, float(value)))

    def histogram(self, tag: str, values: Any, step: int) -> None:
        """Write how the values of an array are distributed."""
        self._summary(step, _field(1, tag) + _field(5, _histogram(np.asarray(values))))

    def image(self, tag: str, pixels: Any, step: int) -> None:
        """Write a picture: `(height, width, channels)` of numbers from 0 to 255, with 1, 3 or 4 channels."""
        height, width, channels = np.shape(pixels)
        size = b"".join(_field(i + 1, int(number)) for i, number in enumerate((height, width, channels)))
        self._summary(step, _field(1, tag) + _field(4, size + _field(4, _png(np.asarray(pixels, "uint8")))))

    def _summary(self, step: int, value: bytes) -> None:
        self._write(_field(2, step) + _field(5, _field(1, value)))

    def _write(self, event: bytes) -> None:
        data = _field(1, time.time()) + event
        length = struct.pack("<Q", len(data))
        crcs = [struct.pack("<I", masked_crc(part)) for part in (length, data)]
        self._file.write(length + crcs[0] + data + crcs[1])

    def flush(self) -> None:
        """Let readers see what was written."""
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.close()
