"""`passline record` and `recording`, as a user runs them, and a line that plays a session back."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from camera.belt import Belt, write_belt
from camera.frame import MissedFrame
from camera.session_file import FRAMES_FILE, Session
from inspection.cli import main
from inspection.compose import open_source
from inspection.recipe import parse_recipe

Command = Callable[..., tuple[int, str, str]]

RECIPE = """
product = "cap"
[camera]
id = "front"
device = {{ {device} }}
[model]
name = "spot"
[gate]
kind = "simulated"
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """`passline ARGUMENTS` as it is started: its exit code, what it said and what went wrong."""

    def command(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["passline", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        said = capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    return command


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A belt that loses a picture now and then."""
    belt = tmp_path / "belt.json"
    write_belt(belt, Belt(lost_one_in=3))
    path = tmp_path / "cap.toml"
    path.write_text(RECIPE.format(device=f'source = "rendered", parts = 12, belt = "{belt}"'))
    return path


def test_a_session_is_recorded_looked_at_and_played_back(
    run: Command, recipe: Path, tmp_path: Path
) -> None:
    session = tmp_path / "session"
    code, said, _ = run("record", recipe, session, "--frames", "10")
    assert code == 0
    assert "10 triggers: " in said
    assert "0 not kept since the disk could not keep up; ended: 10 triggers were asked for" in said
    code, said, _ = run("recording", session)
    assert code == 0
    assert said.startswith("front, ")
    assert " 512x512 Mono8\n" in said
    assert " lost\n" in said
    played = RECIPE.format(device=f'source = "recording", path = "{session}", speed = 0.0')
    source = open_source(parse_recipe(played, "played.toml").cameras[0], first_part=0)
    source.start()
    outcomes = [source.fetch(0.0) for _ in range(10)]
    source.stop()
    with Session(session) as recorded:
        kinds = [type(recorded.outcome(index)) for index in range(10)]
    assert [type(outcome) for outcome in outcomes] == kinds
    assert MissedFrame in kinds


def test_a_session_ends_with_its_source(run: Command, recipe: Path, tmp_path: Path) -> None:
    code, said, _ = run("record", recipe, tmp_path / "session")
    assert code == 0
    assert "12 triggers: " in said


def test_a_cut_session_is_said_to_be_cut(run: Command, recipe: Path, tmp_path: Path) -> None:
    session = tmp_path / "session"
    run("record", recipe, session, "--frames", "4")
    file = session / FRAMES_FILE
    file.write_bytes(file.read_bytes()[:-1000])
    code, said, _ = run("recording", session)
    assert code == 1
    assert "end: cut after 3 triggers, within a frame at byte" in said


def test_a_damaged_frame_is_counted(run: Command, recipe: Path, tmp_path: Path) -> None:
    session = tmp_path / "session"
    run("record", recipe, session, "--frames", "4")
    file = session / FRAMES_FILE
    data = bytearray(file.read_bytes())
    data[5000] ^= 1
    file.write_bytes(data)
    code, said, _ = run("recording", session)
    assert code == 1
    assert "1 frames are damaged on disk" in said


def test_a_session_becomes_pictures_for_the_simulator(
    run: Command, recipe: Path, tmp_path: Path
) -> None:
    session, frames_file = tmp_path / "session", tmp_path / "session.frames"
    run("record", recipe, session, "--frames", "6")
    code, said, _ = run("recording", session, "--to-simulator", frames_file)
    assert code == 0
    assert f"frames written to {frames_file}" in said
    assert frames_file.read_bytes().startswith(b"PLFRAMES")


def test_a_recipe_with_two_cameras_wants_to_know_which(
    run: Command, recipe: Path, tmp_path: Path
) -> None:
    both = recipe.read_text().replace("[camera]", "[[camera]]")
    recipe.write_text(both + '[[camera]]\nid = "back"\ndevice = { source = "rendered" }\n')
    code, _, fault = run("record", recipe, tmp_path / "session")
    assert code == 2
    assert "several cameras, front, back: say which with --camera" in fault
    code, said, _ = run("record", recipe, tmp_path / "s", "--camera", "back", "--frames", "1")
    assert code == 0
    assert "1 frames kept" in said


@pytest.mark.parametrize(("command", "says"), [("record", "name another"), ("recording", "not a")])
def test_a_folder_that_will_not_do_is_named(
    run: Command, recipe: Path, tmp_path: Path, command: str, says: str
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "about.json").write_text("{}")
    arguments = [recipe, tmp_path / "full"] if command == "record" else [tmp_path / "full"]
    code, _, fault = run(command, *arguments)
    assert code == 2
    assert "full" in fault
    assert says in fault
