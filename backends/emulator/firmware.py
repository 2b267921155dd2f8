"""`tfc_firmware` as it stands in the machine's memory: where the arena, its tensors and the golden data are."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

from tfc.ir.diagnostic import Diagnostic

Read = Callable[[int, int], bytes]
POINTERS = 10
POINTER_BYTES = 4
MOST = 1024  # pools, inputs or outputs: more means that these are not the words of a firmware


@dataclass(frozen=True)
class Tensor:
    """`struct tfc_tensor`: an input or output in the arena."""

    pool: int
    offset: int
    bytes: int


@dataclass(frozen=True)
class Firmware:
    """`struct tfc_firmware`; `run` is without its Thumb bit, `arena` the address of the array of pools."""

    run: int
    arena: int
    pools: tuple[tuple[int, int], ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    golden_inputs: tuple[bytes, ...]
    golden_outputs: tuple[bytes, ...]

    def address(self, tensor: Tensor) -> int:
        """Where the tensor lies in the machine's memory."""
        return self.pools[tensor.pool][0] + tensor.offset


def read_firmware(address: int, read: Read) -> Firmware:
    """Follow the structure's pointers; `read(address, size)` gives bytes."""
    words = read_words(read, address, POINTERS)
    run, arena, sizes, pools, inputs, input_count, outputs, output_count, golden_inputs, golden_outputs = words
    if max(pools, input_count, output_count) > MOST:
        raise Diagnostic(f"tfc_firmware has {pools} pools, {input_count} inputs and {output_count} outputs: it is damaged")
    ins, outs = read_tensors(read, inputs, input_count), read_tensors(read, outputs, output_count)
    spaces = tuple(zip(read_words(read, arena, pools), read_words(read, sizes, pools), strict=True))
    for tensor in (*ins, *outs):
        if tensor.pool >= pools or tensor.offset + tensor.bytes > spaces[tensor.pool][1]:
            raise Diagnostic(f"{tensor} lies outside the arena, whose pools have {[size for _, size in spaces]} bytes")
    return Firmware(
        run=run & ~1,
        arena=arena,
        pools=spaces,
        inputs=ins,
        outputs=outs,
        golden_inputs=read_golden(read, golden_inputs, ins),
        golden_outputs=read_golden(read, golden_outputs, outs),
    )


def read_words(read: Read, address: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}I", read(address, POINTER_BYTES * count))


def read_tensors(read: Read, address: int, count: int) -> tuple[Tensor, ...]:
    words = read_words(read, address, 3 * count)
    return tuple(Tensor(*words[3 * index : 3 * index + 3]) for index in range(count))


def read_golden(read: Read, address: int, tensors: tuple[Tensor, ...]) -> tuple[bytes, ...]:
    """The tensors' bytes, which stand one behind the other."""
    starts = [sum(tensor.bytes for tensor in tensors[:index]) for index in range(len(tensors))]
    return tuple(read(address + start, tensor.bytes) for start, tensor in zip(starts, tensors, strict=True))
