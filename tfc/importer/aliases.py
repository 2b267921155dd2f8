"""In-place operators under value semantics: right as long as nobody reads the old value under another name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tfc.ir.diagnostic import Diagnostic

from .program import Call, Ref

EVAL = "call model.eval() before the export; state that lives from call to call must be an input and an output"


class Aliases:
    """Which values share memory, and which of them an in-place operator has overtaken."""

    def __init__(self, constants: Iterable[str]) -> None:
        self._memory: dict[str, str] = {}  # value → the value that first had its memory
        self._made_at: dict[str, int] = {}  # value → writes to that memory when the value was made
        self._writes: Counter[str] = Counter()
        self._constants = frozenset(constants)
        for constant in self._constants:
            self.make(constant)

    def make(self, value: str, memory: str | None = None) -> None:
        """A value in memory of its own, or in that of another one."""
        self._memory[value] = self._memory[memory] if memory else value
        self._made_at[value] = self._writes[self._memory[value]]

    def read(self, value: str, reader: str) -> str:
        """The value, unless a later in-place operator has changed what torch would read here."""
        if value not in self._memory:
            raise Diagnostic(f"'{value}' is read before it is made", at=reader)
        if self._made_at[value] != self._writes[self._memory[value]]:
            raise Diagnostic(
                f"'{value}' was changed in place through another view of its memory before it is read here",
                at=reader,
                help="write the change out of place: `x = x + y` instead of `x += y`, inplace=False in the activation",
            )
        return value

    def call(self, call: Call, *, shares: bool) -> None:
        """Record the results of a call: `shares` if they may be views of its first tensor."""
        first = next((argument.name for argument in call.arguments.values() if isinstance(argument, Ref)), None)
        name = call.target.split(".")[1]
        writes = not shares and name.endswith("_") and not name.endswith("__")  # __and__ is what Python calls its operator
        if writes and first:
            if self._memory[first] in self._constants:
                raise Diagnostic(f"the model changes its own state '{self._memory[first]}' on every call", at=call.place, help=EVAL)
            self._writes[self._memory[first]] += 1
        for result in call.results:
            self.make(result, first if shares or writes else None)
