"""A PostgreSQL server of its own, where its programs are installed."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


def programs() -> Path | None:
    """The folder with initdb and pg_ctl; distributions keep them off the path."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((folder for folder in reversed(folders) if (folder / "pg_ctl").is_file()), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of an empty database, which is gone afterwards."""
    bin_folder = programs()
    if bin_folder is None:
        pytest.skip("needs initdb and pg_ctl: apt-get install postgresql")
    user = "nobody" if os.geteuid() == 0 else None  # the server refuses to run as root
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        if user:
            shutil.chown(name, user)
        cluster, settings = Path(name, "cluster"), f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={name} -c fsync=off"

        def run(program: str, *arguments: str) -> None:
            command = [bin_folder / program, "-D", cluster, *arguments]
            subprocess.run(command, check=True, user=user, cwd=name, stdout=subprocess.DEVNULL)

        run("initdb", "-U", "tfc", "-A", "trust", "-E", "UTF8", "--no-sync")
        run("pg_ctl", "-w", "-o", settings, "-l", str(Path(name, "log")), "start")
        yield f"postgresql://tfc@127.0.0.1:{port}/postgres"
        run("pg_ctl", "-m", "immediate", "stop")
