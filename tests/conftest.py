"""What all tests share: no skips in CI, and where the real pictures are."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test is a failed one: CI installs what every test needs."""
    report = yield
    if report.skipped and os.environ.get("PASSLINE_NO_SKIPS") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI skips nothing: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def magnetic_tiles() -> Path:
    """The real magnetic-tile pictures, in their own folder layout."""
    folder = Path(os.environ.get("PASSLINE_REAL_DATA", "../shared/data")) / "magnetic_tile"
    if not folder.is_dir():
        pytest.skip(
            "no magnetic-tile pictures: PASSLINE_REAL_DATA=FOLDER make test, where "
            "FOLDER/magnetic_tile holds MT_Free, MT_Blowhole, ... and tiles.csv"
        )
    return folder
