"""The emulated DSP instructions, and the firmware's own division and memory functions, against Python."""

import numpy as np
import pytest

WORDS, ROWS, BUFFER = 64, 18, 512
EDGES = [0, 1, -1, 0x7FFF, -0x8000, 0x7FFF_FFFF, -0x8000_0000, 0x00FF_00FF, -0x7F80_7F80]


def wrap(value: int, bits: int = 32) -> int:
    """Two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def low(value: int) -> int:
    return wrap(value, 16)


def high(value: int) -> int:
    return wrap(value >> 16, 16)


def clamp(value: int, lo: int, hi: int) -> int:
    return min(max(value, lo), hi)


def pair(bottom: int, top: int) -> int:
    return wrap((bottom & 0xFFFF) | (top & 0xFFFF) << 16)


def quotient(n: int, d: int) -> int:
    """Truncates, as C does; 0 where d is, as ours does."""
    return 0 if d == 0 else abs(n) // abs(d) * (1 if (n < 0) == (d < 0) else -1)


def division(a: int, b: int, c: int) -> tuple[int, int, int]:
    n = wrap((a & 0xFFFF_FFFF) << 32 | b & 0xFFFF_FFFF, 64) >> (b & 31)
    d = wrap(c << (a & 31), 64)
    q = wrap(quotient(n, d), 64)
    r = wrap(n - q * d, 64)
    un, ud = n & (1 << 64) - 1, d & (1 << 64) - 1
    uq, ur = divmod(un, ud) if ud else (0, un)
    return wrap(q), wrap((q >> 32) ^ r), wrap(ur ^ uq)


def rows(a: int, b: int, c: int) -> list[int]:
    """What the firmware computes from three words, in its order."""
    bytes_of_a = [wrap(a >> shift, 8) for shift in (0, 8, 16, 24)]
    bytes_of_b = [wrap(b >> shift, 8) for shift in (0, 8, 16, 24)]
    return [
        wrap(low(a) * low(b) + high(a) * high(b) + c),
        wrap(low(a) * high(b) + high(a) * low(b) + c),
        wrap(low(a) * low(b) + c),
        wrap(low(a) * high(b) + c),
        wrap(high(a) * high(b) + c),
        wrap((c << 32) + a * b + (1 << 31) >> 32),
        wrap(a * b + (1 << 31) >> 32),
        clamp(a, -128, 127),
        clamp(a >> 9, -128, 127),
        clamp(a >> 7, 0, 1023),
        pair(bytes_of_a[0], bytes_of_a[2]),
        pair(bytes_of_a[1], bytes_of_a[3]),
        pair(low(a) + bytes_of_b[0], high(a) + bytes_of_b[2]),
        pair(a, b),
        pair(b >> 16, a >> 16),
        *division(a, b, c),
    ]


def moved(x: bytes) -> bytes:
    """What the firmware's moves, copies and fills leave in the buffer."""
    buffer = bytearray(x[:BUFFER])
    for i in range(0, 3 * WORDS, 3):
        p, q, n = x[i], x[i + 1], x[i + 2]
        buffer[p : p + (n & 127)] = buffer[q : q + (n & 127)]
        to, source = 384 + (p & 7), q & 7
        buffer[to : to + (n & 63)] = x[source : source + (n & 63)]
        buffer[q : q + (n & 15)] = bytes([p]) * (n & 15)
    return bytes(buffer)


@pytest.mark.parametrize("seed", range(12))
def test_instructions_and_functions_compute_what_python_does(arithmetic, seed):
    random = np.random.default_rng(seed)
    x = random.integers(-(1 << 31), 1 << 31, (3, WORDS)) >> random.integers(0, 31, (3, WORDS))
    edges = random.choice(EDGES, (3, WORDS))
    x = np.where(random.random((3, WORDS)) < 0.2, edges, x).astype("<i4")
    y, buffer = arithmetic.run([x.tobytes()]).outputs
    got = np.frombuffer(y, "<i4").reshape(ROWS, WORDS)
    for i in range(WORDS):
        assert got[:, i].tolist() == rows(*x[:, i].tolist()), x[:, i]
    assert buffer == moved(x.tobytes())
