"""Options and fixtures for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cifar10", type=Path, default=None, metavar="DIR", help="folder with the CIFAR-10 mosaics; tests that need it skip without")
    parser.addoption("--graphs", type=int, default=200, metavar="N", help="how many random networks the roads are compared on")
    parser.addoption("--update", action="store_true", help="write pages and other golden files anew")


@pytest.fixture(scope="session")
def cifar10(request: pytest.FixtureRequest) -> Path:
    """The folder with CIFAR-10, or a skip that says how to give it."""
    folder = request.config.getoption("--cifar10")
    if folder is None or not folder.is_dir():
        pytest.skip("needs CIFAR-10: pytest tests --cifar10 DIR")
    return Path(folder)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tests leave the user's cache alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield
