"""Two stations never share a data folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from inspection.errors import DataFolderInUse, RecordsError
from inspection.records.folder_lock import hold_data_folder

HOLD = """
import sys
from pathlib import Path
from inspection.records.folder_lock import hold_data_folder
with hold_data_folder(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_station_is_told_who_holds_the_folder_and_a_killed_holder_frees_it(
    tmp_path: Path,
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(DataFolderInUse, match=f'"pid": {other.pid}'),
            hold_data_folder(tmp_path),
        ):
            pass
        other.kill()
    with hold_data_folder(tmp_path):
        pass


def test_the_folder_is_free_again_when_the_line_ends(tmp_path: Path) -> None:
    for _ in range(2):
        with hold_data_folder(tmp_path):
            pass


def test_within_one_process_too_a_folder_is_held_once(tmp_path: Path) -> None:
    with (
        hold_data_folder(tmp_path),
        pytest.raises(DataFolderInUse, match="stop it, or give this one a folder of its own"),
        hold_data_folder(tmp_path),
    ):
        pass


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordsError, match="file"), hold_data_folder(tmp_path / "file"):
        pass
