"""A line that cannot keep up: whatever comes, every trigger is accounted for to the last one."""

from contextlib import ExitStack
from typing import Any

import pytest

from camera.belt import RenderedSource
from inspection.records.ledger_by import LedgerBy
from inspection.records.ledgers import ledgers_by

Bench = Any

RECIPE = """
product = "cap"
station = "bench"
verdict_deadline_ms = 60000.0
join_timeout_ms = 30000.0
[model]
name = "spot"
[gate]
kind = "simulated"
[keep]
passes_one_in = 0
"""
CAMERA = """
[[camera]]
id = "{name}"
max_age_ms = 60.0
device = {{ source = "rendered" }}
"""


@pytest.mark.parametrize("names", [("top",), ("top", "side")], ids=["one camera", "two cameras"])
@pytest.mark.parametrize("pace_hz", [50.0, 100.0, 500.0])
def test_the_ledger_of_a_line_that_is_stopped_while_it_lags_balances(
    bench: Bench, names: tuple[str, ...], pace_hz: float
) -> None:
    """Rendering and judging take longer than 2 ms, and often longer than 20 on a busy machine."""
    sources = [RenderedSource(name, pace_hz=pace_hz, size_px=256) for name in names]
    recipe = RECIPE + "".join(CAMERA.format(name=name) for name in names)
    asked = iter(range(40))
    with ExitStack() as stack:
        bench.line(stack, sources, recipe).run(lambda: next(asked, None) is None)
    ledgers = ledgers_by(LedgerBy.CAMERA, bench.reader.accounts())
    assert set(ledgers) == set(names)
    for name, each in ledgers.items():
        assert each.triggers >= 20, name
        assert each.difference == each.waiting == 0, (name, each)
    parts = bench.parts()
    assert bench.reader.counts().parts == len(parts)
    assert [part.record.part_number for part in parts] == list(range(len(parts)))
    for part in parts:
        judged = {view.ledger for view in part.record.views} == {"judged"}
        assert judged or part.record.verdict.outcome == "reject"
