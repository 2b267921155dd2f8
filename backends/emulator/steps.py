"""Stop at each node of a compiled model, to look at memory between them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from unicorn.unicorn_const import UC_HOOK_CODE

from .machine import Machine
from .tables import NODE


@contextmanager
def node_starts(machine: Machine, heard: Callable[[int], None]) -> Iterator[None]:
    """While the body runs, `heard(n)` is called whenever `tfc_node_<n>` is about to begin."""
    uc = machine.chip.uc
    numbers = {function.address: int(match[1]) for function in machine.image.functions if (match := NODE.fullmatch(function.name))}
    hooks = [uc.hook_add(UC_HOOK_CODE, lambda _uc, at, _size, _data: heard(numbers[at]), begin=address, end=address) for address in numbers]
    uc.ctl_flush_tb()  # translated code calls the hooks that there were when it was translated
    try:
        yield
    finally:
        for hook in hooks:
            uc.hook_del(hook)
        uc.ctl_flush_tb()
