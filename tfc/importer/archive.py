"""Look at a model file before anything reads it: what it is, and that it holds only what a model needs."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from tfc.ir.diagnostic import Diagnostic

from .pickles import foreign_parts, pickles_in

HOW_TO_EXPORT = (
    "export the model, in Python:\n"
    "    program = torch.export.export(model.eval(), (torch.zeros(1, 3, 32, 32),))  # an example input with batch 1\n"
    '    torch.export.save(program, "model.pt2")'
)
SAVE_AGAIN = 'load it where it was made and save it again: torch.export.save(torch.export.load("old.pt2"), "model.pt2")'

# A model for a microcontroller has a few megabytes; beyond this bound the file is a mistake, or a bomb.
MOST_BYTES = 1 << 30
MOST_ENTRIES = 100_000
LEGACY_PICKLES = (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True)
class Archive:
    """The inspected members of a model's archive, by their name below its one root folder."""

    label: str
    members: zipfile.ZipFile
    full_names: dict[str, str]

    @property
    def is_trace(self) -> bool:
        """Whether torch.jit.save wrote it: TorchScript, whose own members torchscript.archive looks at."""
        return "data.pkl" in self and any(name.startswith("code/") for name in self.full_names)

    def __contains__(self, name: str) -> bool:
        return name in self.full_names

    def names(self, folder: str) -> list[str]:
        """The members below a folder, without it."""
        return [name.removeprefix(folder) for name in self.full_names if name.startswith(folder)]

    def read(self, name: str) -> bytes:
        if name not in self.full_names:
            raise Diagnostic(f"{self.label} lacks {name}, which {'torch.jit.save' if self.is_trace else 'torch.export.save'} writes", help=HOW_TO_EXPORT)
        return self.members.read(self.full_names[name])


def open_archive(path: Path) -> Archive:
    """The archive at `path`, if it is a whole, harmless torch.export program or a TorchScript one; else a Diagnostic with the way out."""
    if not path.exists():
        raise Diagnostic(f"there is no file {path}")
    if not path.is_file():
        raise Diagnostic(f"{path} is a folder, not a model file" if path.is_dir() else f"{path} is no regular file")
    if path.stat().st_size > MOST_BYTES:
        raise Diagnostic(f"{path.name} has {path.stat().st_size} bytes, more than any model for a microcontroller")
    return inspect_archive(path.read_bytes(), path.name)


def inspect_archive(data: bytes, label: str) -> Archive:
    """The same for a file in memory; nothing in it is executed, and no pickle in it is loaded."""
    members = _unzip(data, label)
    archive = Archive(label, members, _below_one_root(members, label))
    if not archive.is_trace:
        _refuse_other_kinds(archive)
        _refuse_code(archive)
    return archive


def _unzip(data: bytes, label: str) -> zipfile.ZipFile:
    """The whole zip, every checksum verified, bounded before anything is inflated."""
    if not data:
        raise Diagnostic(f"{label} is empty", help=HOW_TO_EXPORT)
    if data.startswith(LEGACY_PICKLES):
        raise Diagnostic(f"{label} is a bare pickle, which runs code when it is loaded; tfc never loads one", help=HOW_TO_EXPORT)
    try:
        members = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError):
        if data.startswith(b"PK"):
            raise Diagnostic(f"{label} is damaged or was cut short: the directory at its end is missing", help="copy or export it again") from None
        raise Diagnostic(f"{label} is no model file: models are zip archives written by torch.export.save or torch.jit.save", help=HOW_TO_EXPORT) from None
    infos = members.infolist()
    if min((info.header_offset for info in infos), default=0) > 0:  # the directory found is that of an archive inside this one
        raise Diagnostic(f"{label} is damaged or was cut short: its last part is missing", help="copy or export it again")
    size = sum(info.file_size for info in infos)
    if size > MOST_BYTES or len(infos) > MOST_ENTRIES:
        raise Diagnostic(f"{label} unpacks to {size} bytes in {len(infos)} members, more than any model for a microcontroller")
    try:
        damaged = members.testzip()
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise Diagnostic(f"{label} is damaged: {error}", help="copy or export it again") from None
    if damaged is not None:
        raise Diagnostic(f"{label} is damaged: the checksum of {damaged} is wrong", help="copy or export it again")
    return members


def _below_one_root(members: zipfile.ZipFile, label: str) -> dict[str, str]:
    """The full name of each member by its name below the root folder; old exports and plain zips have no root."""
    files = [name for name in members.namelist() if not name.endswith("/")]
    if len(set(files)) != len(files):
        # Readers disagree about which of two members of one name counts; what was inspected must be what is read.
        raise Diagnostic(f"{label} holds two members of one name", help="export it again")
    roots = {name.partition("/")[0] for name in files}
    root = f"{roots.pop()}/" if len(roots) == 1 and all("/" in name for name in files) else ""
    return {name.removeprefix(root): name for name in files}


def _refuse_other_kinds(archive: Archive) -> None:
    """Say what this is, if it is anything but a torch.export program."""
    label = archive.label
    if "serialized_exported_program.json" in archive:
        raise Diagnostic(f"{label} was written by a torch.export before 2.8, in a format that is loaded by unpickling", help=SAVE_AGAIN)
    if "data.pkl" in archive:
        # A state_dict needs BUILD for its metadata.
        foreign = [part for part in foreign_parts(archive.read("data.pkl")) if part != "opcode BUILD"]
        what = (
            f"a pickled module ({', '.join(foreign[:3])}): loading it would run code, so tfc never does"
            if foreign
            else "weights without a network (a state_dict)"
        )
        raise Diagnostic(f"{label} holds {what}", help=HOW_TO_EXPORT)
    if "archive_format" not in archive or archive.read("archive_format").strip() != b"pt2":
        raise Diagnostic(f"{label} is a zip archive, but no model", help=HOW_TO_EXPORT)
    version = archive.read("archive_version").decode("ascii", "replace") if "archive_version" in archive else "0"
    if version != "0":
        raise Diagnostic(f"{label} has archive version {version[:20]!r}, this tfc reads 0", help="save it with a torch that this tfc supports")
    if not archive.names("models/"):
        raise Diagnostic(f"{label} holds no program (models/*.json)", help=HOW_TO_EXPORT)


def _refuse_code(archive: Archive) -> None:
    """Refuse every member that torch.export.load would execute or unpickle, unless it holds tensors only."""
    if compiled := archive.names("data/aotinductor/"):
        raise Diagnostic(f"{archive.label} holds compiled code (data/aotinductor/{compiled[0]})", help=HOW_TO_EXPORT)
    for folder, what in (("data/constants/custom_obj_", "custom objects"), ("data/constants/opaque_obj_", "pickled objects")):
        if archive.names(folder):
            raise Diagnostic(f"{archive.label} holds {what} ({folder}{archive.names(folder)[0]}), which run code when they are loaded", help=HOW_TO_EXPORT)
    for folder in ("data/weights/", "data/constants/"):
        if pickled := [name for name in archive.names(folder) if name.endswith((".pt", ".pkl"))]:
            raise Diagnostic(f"{archive.label} keeps tensors as a pickle ({folder}{pickled[0]}), as torch before 2.9 did", help=SAVE_AGAIN)
    for name in archive.full_names:
        if not name.endswith((".pt", ".pkl")):
            continue
        foreign = [part for pickle in pickles_in(archive.read(name), MOST_BYTES) for part in foreign_parts(pickle)]
        if foreign:
            raise Diagnostic(
                f"{archive.label} can run code when torch loads it: {name} holds {', '.join(foreign[:5])}", help="do not load this file; " + HOW_TO_EXPORT
            )
