"""Where a search is kept: one SQLite file, or a PostgreSQL that workers on many machines share."""

import atexit
import time
import warnings
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import RDBStorage
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError

from tfc.ir.diagnostic import Diagnostic

WAIT_SECONDS = 60  # for another worker's write to one file
ATTEMPTS = 5
CONNECTIONS = 40  # that the threads of one process may hold

optuna.logging.set_verbosity(optuna.logging.WARNING)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


def sqlite_at(path: Path) -> str:
    """The address of a search in one file."""
    return f"sqlite:///{path.resolve()}"


def open_storage(address: str) -> RDBStorage:
    """`sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/DATABASE`; a Diagnostic says why it cannot be opened."""
    try:
        kind = make_url(address).get_backend_name()
    except ArgumentError:
        kind = "none"
    if kind not in ("sqlite", "postgresql"):
        raise Diagnostic(f"'{address}' is no storage", help="sqlite:///FILE, or postgresql://USER:PASSWORD@HOST/DATABASE")
    for attempt in range(ATTEMPTS):
        try:
            return _sqlite(address) if kind == "sqlite" else RDBStorage(address, engine_kwargs={"pool_pre_ping": True, "max_overflow": CONNECTIONS})
        except (IntegrityError, ProgrammingError, OperationalError) as error:
            if attempt + 1 < ATTEMPTS and "connect" not in str(error.orig):  # another worker makes the same tables at this moment
                time.sleep(1)
                continue
            shown = make_url(address).render_as_string(hide_password=True)
            raise Diagnostic(f"the storage {shown} cannot be opened: {str(error.orig).splitlines()[0]}", help="start the server, make the database") from None
    raise AssertionError


def _sqlite(address: str) -> RDBStorage:
    storage = RDBStorage(address, engine_kwargs={"connect_args": {"timeout": WAIT_SECONDS}})
    event.listen(storage.engine, "connect", _write_ahead)
    storage.engine.dispose()  # what is connected already was not told
    atexit.register(storage.engine.dispose)  # the last one to close leaves one file
    return storage


def _write_ahead(connection: Any, _record: Any) -> None:
    """Readers do not wait for writers, and a commit does not wait for the disk: a killed process loses nothing, a power failure the last seconds."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
