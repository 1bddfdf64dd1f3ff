"""Hashes of many strings at once: FarmHash's Fingerprint64, SipHash-2-4, and how fingerprints are joined.

Reference: Pike and Alakuijala, 2014, FarmHash (`farmhashna`); Aumasson and Bernstein, 2012, "SipHash".
"""

from collections.abc import Callable, Sequence

import numpy as np

_K0, _K1, _K2 = np.uint64(0xC3A5C85C97CB3127), np.uint64(0xB492B66FBE98F273), np.uint64(0x9AE16A3B2F90404F)
_CAT = np.uint64(0xC6A4A7935BD1E995)


class _Bytes:
    """Strings laid end to end, read eight (or four) bytes at a time from any place."""

    def __init__(self, strings: Sequence[bytes]):
        self.length = np.fromiter(map(len, strings), "uint64", len(strings))
        self.start = np.concatenate([[0], np.cumsum(self.length)]).astype("int64")[:-1]
        data = b"".join(strings) + bytes(16)
        self.byte = np.frombuffer(data, "uint8")
        self._eight = np.ndarray(len(data) - 7, "<u8", data, strides=(1,))
        self._four = np.ndarray(len(data) - 3, "<u4", data, strides=(1,))

    def eight(self, place: np.ndarray) -> np.ndarray:
        return self._eight[place]

    def four(self, place: np.ndarray) -> np.ndarray:
        return self._four[place].astype("uint64")


def fingerprint64(strings: Sequence[bytes]) -> np.ndarray:
    """FarmHash's Fingerprint64 of each string, `uint64`."""
    source = _Bytes(strings)
    found = np.full(len(strings), _K2)
    for low, high, hashed in _BY_LENGTH:
        chosen = np.flatnonzero((source.length >= low) & (source.length <= high))
        if chosen.size:
            found[chosen] = hashed(source, source.start[chosen], source.length[chosen])
    return found


def concatenated(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The fingerprint of two fingerprints in this order."""
    result = first ^ _CAT
    result = (result ^ (_shift_mix(second * _CAT) * _CAT)) * _CAT
    return _shift_mix(_shift_mix(result) * _CAT)


def siphash(strings: Sequence[bytes], key: Sequence[int]) -> np.ndarray:
    """SipHash-2-4 of each string under a key of two 64-bit numbers, `uint64`."""
    source = _Bytes(strings)
    k0, k1 = (np.uint64(part & (2**64 - 1)) for part in key)
    words = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    v = [np.full(len(strings), np.uint64(word) ^ k) for word, k in zip(words, (k0, k1, k0, k1), strict=True)]
    whole = source.length >> np.uint64(3)
    for block in range(int(whole.max(initial=0)) + 1):
        at = np.flatnonzero(whole >= block)
        read = source.eight(source.start[at] + 8 * block)
        left = (source.length[at] & np.uint64(7)) * np.uint64(8)
        tail = (read & ((np.uint64(1) << left) - np.uint64(1))) | (source.length[at] << np.uint64(56))
        message = np.where(whole[at] == block, tail, read)
        part = [each[at] for each in v]
        part[3] = part[3] ^ message
        part = _sip_round(*_sip_round(*part))
        part = [part[0] ^ message, *part[1:]]
        for each, new in zip(v, part, strict=True):
            each[at] = new
    v[2] = v[2] ^ np.uint64(0xFF)
    for _ in range(4):
        v = list(_sip_round(*v))
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def _sip_round(a, b, c, d):
    a, c = a + b, c + d
    b, d = _left(b, 13) ^ a, _left(d, 16) ^ c
    a, c = _left(a, 32) + d, c + b
    b, d = _left(b, 17) ^ c, _left(d, 21) ^ a
    return a, b, _left(c, 32), d


def _left(x, by: int):
    return (x << np.uint64(by)) | (x >> np.uint64(64 - by))


def _right(x, by: int):
    return _left(x, 64 - by)


def _shift_mix(x):
    return x ^ (x >> np.uint64(47))


def _pair(u, v, mul):
    a = _shift_mix((u ^ v) * mul)
    return _shift_mix((v ^ a) * mul) * mul


def _to_3(s, start, n):
    half, last = (n >> np.uint64(1)).astype("int64"), n.astype("int64") - 1
    a, b, c = (s.byte[start + place].astype("uint64") for place in (0, half, last))
    return _shift_mix((a + (b << np.uint64(8))) * _K2 ^ (n + (c << np.uint64(2))) * _K0) * _K2


def _to_7(s, start, n):
    end = start + n.astype("int64")
    return _pair(n + (s.four(start) << np.uint64(3)), s.four(end - 4), _multiplier(n))


def _to_16(s, start, n):
    mul, a, b = _multiplier(n), s.eight(start) + _K2, s.eight(start + n.astype("int64") - 8)
    return _pair(_right(b, 37) * mul + a, (_right(a, 25) + b) * mul, mul)


def _to_32(s, start, n):
    mul, end = _multiplier(n), start + n.astype("int64")
    a, b, c, d = s.eight(start) * _K1, s.eight(start + 8), s.eight(end - 8) * mul, s.eight(end - 16) * _K2
    return _pair(_right(a + b, 43) + _right(c, 30) + d, a + _right(b + _K2, 18) + c, mul)


def _to_64(s, start, n):
    mul, end = _multiplier(n), start + n.astype("int64")
    a, b, c, d = s.eight(start) * _K2, s.eight(start + 8), s.eight(end - 8) * mul, s.eight(end - 16) * _K2
    y = _right(a + b, 43) + _right(c, 30) + d
    z = _pair(y, a + _right(b + _K2, 18) + c, mul)
    e, f = s.eight(start + 16) * mul, s.eight(start + 24)
    g, h = (y + s.eight(end - 32)) * mul, (z + s.eight(end - 24)) * mul
    return _pair(_right(e + f, 43) + _right(g, 30) + h, e + _right(f + a, 18) + g, mul)


def _multiplier(n):
    return _K2 + n * np.uint64(2)


def _long(s, start, n):
    """More than 64 bytes: rounds of 64, then one over the last 64."""
    rest, blocks = (n - np.uint64(1)) & np.uint64(63), ((n - np.uint64(1)) >> np.uint64(6)).astype("int64")
    seed = np.full(n.shape, 81, "uint64")  # an array: NumPy warns where one number overflows
    y = seed * _K1 + np.uint64(113)
    zero = np.zeros_like(n)
    state = [seed * _K2 + s.eight(start), y, _shift_mix(y * _K2 + np.uint64(113)) * _K2, *[zero] * 4]
    for block in range(int(blocks.max())):
        at = np.flatnonzero(blocks > block)
        new = _round(s, start[at] + 64 * block, [each[at] for each in state], _K1, np.uint64(1))
        state = [each.copy() for each in state]
        for each, value in zip(state, new, strict=True):
            each[at] = value
    x, y, z, v0, v1, w0, w1 = state
    mul = _K1 + ((z & np.uint64(0xFF)) << np.uint64(1))
    w0 = w0 + rest
    v0 = v0 + w0
    w0 = w0 + v0
    last = start + 64 * blocks + rest.astype("int64") - 63
    x, y, z, v0, v1, w0, w1 = _round(s, last, [x, y, z, v0, v1, w0, w1], mul, np.uint64(9))
    return _pair(_pair(v0, w0, mul) + _shift_mix(y) * _K0 + z, _pair(v1, w1, mul) + x, mul)


def _round(s, at, state, mul, nine):
    x, y, z, v0, v1, w0, w1 = state
    x = _right(x + y + v0 + s.eight(at + 8), 37) * mul
    y = _right(y + v1 + s.eight(at + 48), 42) * mul
    x = x ^ w1 * nine
    y = y + v0 * nine + s.eight(at + 40)
    z = _right(z + w0, 33) * mul
    v = _weak(s, at, v1 * mul, x + w0)
    w = _weak(s, at + 32, z + w1, y + s.eight(at + 16))
    return z, y, x, *v, *w


def _weak(s, at, a, b):
    first, second, third, fourth = (s.eight(at + 8 * i) for i in range(4))
    a = a + first
    b = _right(b + a + fourth, 21)
    c = a + second + third
    return c + fourth, b + _right(c, 44) + a


_BY_LENGTH: tuple[tuple[int, float, Callable], ...] = (
    (1, 3, _to_3),
    (4, 7, _to_7),
    (8, 16, _to_16),
    (17, 32, _to_32),
    (33, 64, _to_64),
    (65, np.inf, _long),
)
