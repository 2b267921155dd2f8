"""The one error that users see."""

from __future__ import annotations


class Diagnostic(Exception):
    """Something the user can act on: what is, what was expected, and a way out.

    `at` is where: a printed node with its source, or a file and line. `help` says what would work.
    """

    def __init__(self, message: str, *, at: str | None = None, help: str | None = None) -> None:
        super().__init__(message)
        self.message, self.at, self.help = message, at, help

    def __str__(self) -> str:
        at = f"\n  at: {self.at}" if self.at else ""
        way_out = f"\n  help: {self.help}" if self.help else ""
        return f"{self.message}{at}{way_out}"


def expect(condition: bool, message: str) -> None:
    """Raise a Diagnostic with this message unless the condition holds."""
    if not condition:
        raise Diagnostic(message)
