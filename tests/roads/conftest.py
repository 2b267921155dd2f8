"""Where networks are tried: a folder, and compiled kernels that all of them share."""

from pathlib import Path

import pytest

from tfc.fuzz.trial import Trial


@pytest.fixture(scope="session")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.fixture
def trial(objects: Path, tmp_path: Path) -> Trial:
    return Trial(tmp_path, objects)
