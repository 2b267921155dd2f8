"""Small bare-metal programs, from a piece of C each: the runtime's start-up, and a main of the test's own."""

from pathlib import Path

from tfc.backends.memory_map import write_project
from tfc.backends.target import Target
from tfc.backends.toolchain import build

STACK_BYTES = 1024
HEAD = """#include <stdint.h>
#include "semihosting.h"
#define KEEP __attribute__((used, noinline))
#define WORD(address) (*(volatile uint32_t *)(address))
extern volatile uint32_t nothing;
volatile uint32_t nothing;
"""


def write_program(folder: Path, target: Target, text: str) -> Path:
    """The sources: `text` defines main, and whatever else."""
    write_project(folder, target, (), STACK_BYTES)
    (folder / "project" / "main.c").write_text(HEAD + text)
    return folder


def build_program(folder: Path, target: Target, text: str) -> Path:
    """The linked ELF."""
    return build(write_program(folder, target, text), target)
