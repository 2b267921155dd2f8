"""A program inside QEMU, held by the GDB remote serial protocol over QEMU's own standard input and output."""

import subprocess
from types import TracebackType
from typing import Self

from tfc.ir.diagnostic import Diagnostic

CHUNK = 1024  # bytes of memory in a packet; QEMU takes packets of 4 KB, in hexadecimal digits
BREAKPOINT = b"T05"


class Remote:
    """A machine that waits before its first instruction. Leaving the `with` block ends it."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def __enter__(self) -> Self:
        self.ask(b"qXfer:features:read:target.xml:0,ffb")  # only who has read what registers there are may name one
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.process.kill()
        self.process.communicate()

    def read(self, address: int, size: int) -> bytes:
        """Bytes of memory."""
        return b"".join(bytes.fromhex(self.asked(f"m{address + at:x},{min(CHUNK, size - at):x}")) for at in range(0, size, CHUNK))

    def write(self, address: int, data: bytes) -> None:
        """Put bytes into memory."""
        for at in range(0, len(data), CHUNK):
            part = data[at : at + CHUNK]
            self.asked(f"M{address + at:x},{len(part):x}:{part.hex()}")

    def register(self, number: int) -> int:
        """A core register, r0 to r15."""
        return int.from_bytes(bytes.fromhex(self.asked(f"p{number:x}")), "little")

    def set_register(self, number: int, value: int) -> None:
        self.asked(f"P{number:x}={value.to_bytes(4, 'little').hex()}")

    def run_to(self, address: int) -> None:
        """Go on until the instruction at the address is next."""
        self.asked(f"Z0,{address:x},2")
        stopped = self.ask(b"c")
        if stopped.startswith(b"W"):  # it exits; whether that is told before QEMU has gone is chance
            raise self.ended()
        if not stopped.startswith(BREAKPOINT):
            raise Diagnostic(f"the program in QEMU stops with {stopped.decode(errors='replace')} before 0x{address:08x}")
        self.asked(f"z0,{address:x},2")

    def asked(self, request: str) -> str:
        """The answer to a request that QEMU must be able to serve."""
        answer = self.ask(request.encode()).decode()
        if not answer or answer.startswith("E"):
            raise Diagnostic(f"QEMU answers {answer or 'nothing'} to {request[:40]}")
        return answer

    def ask(self, request: bytes) -> bytes:
        """Send `$request#checksum`, acknowledge the answer; that QEMU ends is a Diagnostic with what it said."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin
        assert stdout
        try:
            stdin.write(b"$%b#%02x" % (request, sum(request) & 0xFF))
            stdin.flush()
            while (byte := stdout.read(1)) != b"$":
                if not byte:
                    raise EOFError
            answer = b""
            while not answer.endswith(b"#"):
                answer += (byte := stdout.read(1))
                if not byte:
                    raise EOFError
            stdout.read(2)
            stdin.write(b"+")
            stdin.flush()
        except (EOFError, OSError):
            raise self.ended() from None
        return answer[:-1]

    def ended(self) -> Diagnostic:
        _, said = self.process.communicate()
        return Diagnostic(
            f"QEMU ended with exit code {self.process.returncode}: {said.decode(errors='replace').strip() or 'no message'}",
            help="100 and more are exceptions of the core: 103 is a hard fault",
        )
