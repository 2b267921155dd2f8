"""The graphs of one op on which the C kernels are tested serve the host too."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def kernel_tests(name: str) -> ModuleType:
    """A module of tests/backends/c."""
    if "kernel_tests" not in sys.modules:
        folder = Path(__file__).parents[1] / "c"
        spec = importlib.util.spec_from_file_location("kernel_tests", folder / "__init__.py", submodule_search_locations=[str(folder)])
        assert spec is not None
        sys.modules["kernel_tests"] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"kernel_tests.{name}")


@pytest.fixture(scope="session")
def cases() -> ModuleType:
    """Families of awkward single ops."""
    return kernel_tests("cases")


@pytest.fixture(scope="session")
def makers() -> ModuleType:
    """What makes such cases."""
    return kernel_tests("makers")


@pytest.fixture(scope="session")
def graphs() -> ModuleType:
    """The builder of such graphs, and what merges and places them."""
    return kernel_tests("graphs")
