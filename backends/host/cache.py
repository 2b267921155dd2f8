"""Machine code kept between processes, in files named after what it was made from."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

KEPT = 32  # files; the oldest go first
DIGEST = hashlib.sha256().digest_size


@dataclass(frozen=True)
class Cache:
    """A folder, of which nothing is expected: what cannot be read is made anew, what cannot be written is not kept."""

    folder: Path

    def get(self, key: str) -> bytes | None:
        """What was kept, if it is whole."""
        try:
            stored = (self.folder / key).read_bytes()
        except OSError:
            return None
        digest, content = stored[:DIGEST], stored[DIGEST:]
        return content if hashlib.sha256(content).digest() == digest else None

    def put(self, key: str, content: bytes) -> None:
        """Keep it; another process sees all of the file or nothing."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)  # code that is run: nobody else may write it
            with tempfile.NamedTemporaryFile(dir=self.folder, delete=False) as file:
                file.write(hashlib.sha256(content).digest() + content)
            os.replace(file.name, self.folder / key)
            for old in sorted(self.folder.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError:
            return


def user_cache() -> Cache:
    """Where this user's programs keep what can be made again."""
    home = os.environ.get("XDG_CACHE_HOME")
    return Cache((Path(home) if home else Path.home() / ".cache") / "tfc" / "host")
