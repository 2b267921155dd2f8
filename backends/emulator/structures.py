"""The structures of hooks/hooks.h."""

import ctypes

U8, U32, U64, POINTER = ctypes.c_uint8, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_void_p


def fields(kind: type, names: str) -> tuple[tuple[str, type], ...]:
    """Several of one type."""
    return tuple((name, kind) for name in names.split())


class Block(ctypes.Structure):
    """`struct block`."""

    _fields_ = (
        *fields(U32, "address size owner next instructions function last target first_line last_line"),
        *fields(U8, "branch moves_stack enters region"),
        *fields(U64, "count taken events"),
    )


class Access(ctypes.Structure):
    """`struct access`."""

    _fields_ = (*fields(ctypes.c_int32, "offset"), *fields(U8, "base index shift size words writes"))


class Branches(ctypes.Structure):
    """`struct branches`."""

    _fields_ = (*fields(POINTER, "btac counters returns"), *fields(U32, "btac_mask counter_mask depth pushed filled"))


class Cache(ctypes.Structure):
    """`struct cache`."""

    _fields_ = (*fields(POINTER, "lines"), *fields(U32, "line_bits set_mask ways random last"))


class Region(ctypes.Structure):
    """`struct region`."""

    _fields_ = (*fields(U64, "base"), *fields(POINTER, "fills"))


class Watched(ctypes.Structure):
    """`struct watched`."""

    _fields_ = (*fields(U64, "base bytes"), *fields(POINTER, "touched allowed"))


class State(ctypes.Structure):
    """`struct state`."""

    _fields_ = (
        *fields(
            POINTER, "pages fetch_region load_region accesses counts stack_moves targets functions stack owner aligned branch_of entry heads blocks events"
        ),
        *fields(U64, "block_count block_limit event_count"),
        *fields(POINTER, "block"),
        *fields(U64, "current"),
        *fields(ctypes.c_int64, "budget"),
        *fields(U64, "stack_low"),
        *fields(Branches, "branches"),
        *fields(Cache, "fetches loads"),
        *fields(POINTER, "fetched regions"),
        *fields(U64, "region_count"),
        *fields(POINTER, "watched"),
        *fields(U64, "watched_count stray misaligned culprit"),
        *fields(POINTER, "stop read_register"),
    )
