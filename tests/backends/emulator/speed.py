"""How fast the emulator runs with nothing hooked, with blocks counted, and with memory followed: python speed.py FIRMWARE.elf [rounds]

Processor time, the three in turn, medians: another process on the machine disturbs all alike.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from unicorn.arm_const import UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_R0, UC_ARM_REG_SP

from tfc.backends.emulator.chip import THUMB, Chip
from tfc.backends.emulator.machine import Machine
from tfc.backends.target import load_target


def unhooked(machine: Machine) -> Callable[[], None]:
    """A run on a chip that counts nothing."""
    chip = Chip(machine.image, machine.target)

    def run() -> None:
        for name, state in machine.started.items():
            chip.memory[name][:] = state
        registers = {UC_ARM_REG_SP: machine.stack.stop, UC_ARM_REG_R0: machine.firmware.arena, UC_ARM_REG_LR: machine.main | THUMB}
        for register, value in registers.items():
            chip.uc.reg_write(register, value)
        chip.uc.reg_write(UC_ARM_REG_PC, machine.firmware.run | THUMB)
        chip.start(machine.firmware.run, machine.main)

    return run


def speeds(elf: Path, rounds: int) -> dict[str, float]:
    """Millions of instructions a second of processor time, by what is hooked."""
    target = load_target("stm32f746")
    machines = [Machine(elf, target) for _ in range(2)]
    inputs = machines[0].firmware.golden_inputs
    instructions = machines[0].run(inputs).instructions
    runs: dict[str, Callable[[], object]] = {
        "unhooked": unhooked(machines[0]),
        "blocks": lambda: machines[0].run(inputs),
        "full": lambda: machines[1].run(inputs, timing="full"),
    }
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()  # translates the code, and schedules its blocks
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.process_time()
            run()
            times[name].append(time.process_time() - started)
    return {name: instructions / median(spent) / 1e6 for name, spent in times.items()}


if __name__ == "__main__":
    measured = speeds(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 9)
    for name, speed in measured.items():
        print(f"{name:10}{speed:8.1f} M instructions/s, {speed / measured['unhooked']:.2f} of unhooked")
