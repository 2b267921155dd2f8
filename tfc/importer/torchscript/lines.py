"""The user's file and line of a TorchScript node, from the source ranges that torch prints."""

from __future__ import annotations

import re

FRAME = re.compile(r'^(?:\s*File "(?P<script>.+)", line (?P<at>\d+)|(?P<file>.+)\((?P<line>\d+)\): (?P<function>.*))', re.MULTILINE)


def user_line(ranges: list[str]) -> str:
    """`net.py:41`: the innermost frame that is the user's, of source ranges from the inside out; as the reader of .pt2 files says it."""
    frames = [frame for text in ranges for frame in _frames(text)]
    own = [frame for frame in frames if "/torch/" not in frame[0]] or frames
    return re.sub(r"[^A-Za-z0-9_.+-]", "_", own[0][0].rpartition("/")[2]) + f":{own[0][1]}" if own else ""


def _frames(text: str) -> list[tuple[str, str]]:
    """(file, line) from the inside out: of a trace the `forward` methods, as torch.export records them, of a script the place in the source.

    What stands behind `Serialized`, and in files below `code/`, are places in the archive's own code.
    """
    frames = []
    for match in FRAME.finditer(text.partition("Serialized ")[0].replace("\\", "/")):
        file, line = match["script"] or match["file"], match["at"] or match["line"]
        if match["function"] in (None, "forward") and not file.startswith("code/"):
            frames.append((file, line))
    return frames
