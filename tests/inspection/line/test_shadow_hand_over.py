"""How the line hands a part to a shadow: nothing lent is lost, nothing is changed on the way."""

import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from camera.frame import Frame
from inspection.judge import Outcome
from inspection.line.shadow_feed import ShadowFeed
from inspection.line.shadow_wire import (
    ChampionWord,
    OfferedPart,
    ShadowWireError,
    connect,
    pack,
    unpack,
)

Bench = Any  # the fixture of conftest.py
PATIENCE_S = 30.0


def wait_until(holds: Callable[[], bool], what: str) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < until_s, f"waited {PATIENCE_S} s until {what}"
        time.sleep(0.005)


@dataclass
class Loan:
    """Memory that a camera lent, and wants back."""

    back: bool = False

    def intact(self) -> bool:
        return not self.back

    def give_back(self) -> None:
        self.back = True


def test_pictures_lent_to_a_shadow_come_back_when_another_asks_before_they_are_given(
    bench: Bench, good: Callable[[], Frame]
) -> None:
    """A shadow is started again while its part's record is still on its way to the disk."""
    bench.run([good])
    record = bench.parts()[0].record
    loans = [Loan(), Loan()]
    frames = [{"cam1": replace(good(), lease=loan)} for loan in loans]
    feed = ShadowFeed(bench.folder)

    def asks() -> socket.socket:
        line = connect(bench.folder, PATIENCE_S)
        assert line is not None
        line.sendall(b"n")
        wait_until(lambda: feed._wanted, "the feed heard")
        return line

    first = asks()
    assert feed.claim(record)
    first.close()
    wait_until(lambda: feed._connection is None, "the feed saw it go")
    second = asks()
    assert not feed.claim(record)  # one at a time, whoever asks
    feed.give(record, frames[0], kept=False)
    wait_until(lambda: loans[0].back, "the first part's pictures came back")
    assert b'"passed_over": 0' in second.recv(65536)
    second.sendall(b"n")
    wait_until(lambda: feed._wanted and feed.claim(record), "the next one is claimed")
    feed.give(record, frames[1], kept=False)
    wait_until(lambda: loans[1].back, "the second part's pictures came back")
    second.close()
    feed.close()


def test_a_part_comes_out_of_the_hand_over_as_it_went_in() -> None:
    colours = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    deep = np.arange(35, dtype=np.uint16).reshape(5, 7)
    frames = {
        "top": Frame(colours, "RGB8", "cam1", 3, 5, 7),
        "side": Frame(deep, "Mono12", "cam2", 3, 6, 8),
    }
    word = ChampionWord("spot-1", "d" * 64, Outcome.REJECT, 0.1 + 0.2)
    golden = {"side": "a" * 64}
    part = unpack(*pack(OfferedPart(12, "s-12", 3, word, frames, golden, True, 4)))
    assert (part.part_number, part.serial, part.run_id) == (12, "s-12", 3)
    assert (part.champion, part.kept, part.passed_over) == (word, True, 4)
    assert part.templates == golden
    assert part.frames["top"].pixels.tolist() == colours.tolist()
    assert part.frames["side"].pixels.tolist() == deep.tolist()
    assert part.frames["side"].camera_id == "cam2"


def test_a_message_of_another_passline_is_named() -> None:
    memory = os.memfd_create("test")
    os.write(memory, b"x")
    with pytest.raises(ShadowWireError, match="restart the station"):
        unpack(b'{"part_number": 1}', memory)
