"""Models change on the running line, between two parts, and only for a model that can be used."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from camera.frame import Frame
from inspection.errors import RecipeError
from models.errors import BundleError, RegistryError

Bench = Any  # the fixture of conftest.py
Capture = Callable[[], Frame]
BundleMaker = Callable[..., Path]
LONG = 2000


def labels(bench: Bench) -> list[str]:
    return [part.record.judgement.bundle_label for part in bench.parts()]


def paced(good: Capture, first: Callable[[], None]) -> list[Capture]:
    """Good parts, one every few ms; `first` happens just before the tenth."""

    def tenth() -> Frame:
        first()
        return good()

    def later() -> Frame:
        time.sleep(0.002)
        return good()

    return [*[later] * 9, tenth, *[later] * LONG]


def until_change(bench: Bench, kind: str) -> Callable[[], bool]:
    """True once the line has put an event of this kind on record, and judged some parts since."""
    seen: list[int] = []

    def stop() -> bool:
        if not seen and bench.events(kind):
            seen.append(bench.reader.counts().parts)
        return bool(seen) and bench.reader.counts().parts >= seen[0] + 5

    return stop


def run_until(
    bench: Bench, steps: Sequence[Callable[[], Frame | None]], stop: Callable[[], bool]
) -> None:
    from contextlib import ExitStack

    with ExitStack() as stack:
        bench.line(stack, bench.source(steps)).run(stop)


def test_a_promoted_model_takes_over_between_two_parts_and_says_so_on_record(
    bench: Bench, good: Capture, make_bundle: BundleMaker
) -> None:
    newer = make_bundle(version="2")
    steps = paced(good, lambda: bench.promote(newer))
    run_until(bench, steps, until_change(bench, "model_changed"))
    judged_by = labels(bench)
    first_new = judged_by.index("spot-2")
    assert first_new >= 10
    assert set(judged_by[:first_new]) == {"spot-1"}
    assert set(judged_by[first_new:]) == {"spot-2"}
    assert [part.record.run_id for part in bench.parts()] == [1] * len(judged_by)
    change = bench.events("model_changed")
    assert [(event["from"], event["to"], event["first_part"]) for event in change] == [
        ("spot-1", "spot-2", first_new)
    ]


def test_a_line_without_parts_takes_a_promoted_model_up_too(
    bench: Bench, good: Capture, make_bundle: BundleMaker
) -> None:
    newer = make_bundle(version="2")

    def promote() -> None:
        bench.promote(newer)

    def nothing() -> None:
        time.sleep(0.002)

    steps = [good, promote, *[nothing] * LONG]
    run_until(bench, steps, lambda: bool(bench.events("model_changed")))
    assert labels(bench) == ["spot-1"]
    assert bench.events("model_changed")[0]["first_part"] == 1


def test_a_roll_back_reaches_the_running_line_too(
    bench: Bench, good: Capture, make_bundle: BundleMaker
) -> None:
    bench.promote(make_bundle(version="2"))
    steps = paced(good, lambda: bench.registry.roll_back("spot", "bench", "false rejects"))
    run_until(bench, steps, until_change(bench, "model_changed"))
    assert labels(bench)[0] == "spot-2"
    assert labels(bench)[-1] == "spot-1"


def test_a_promoted_model_that_was_altered_is_refused_and_the_old_one_stays(
    bench: Bench, good: Capture, make_bundle: BundleMaker
) -> None:
    newer = make_bundle(version="2")

    def promote_and_spoil() -> None:
        added = bench.registry.add(newer, "bench", "trained")
        model = added.folder / "model.onnx"
        bench.registry.promote(added.label, "bench", "better", {})
        model.write_bytes(model.read_bytes()[:-20])

    run_until(bench, paced(good, promote_and_spoil), until_change(bench, "model_refused"))
    assert set(labels(bench)) == {"spot-1"}
    refused = bench.events("model_refused")[0]
    assert refused["kept"] == "spot-1"
    assert "SHA-256" in refused["fault"]


def test_a_line_without_a_champion_does_not_start(bench: Bench, recipe: str) -> None:
    with pytest.raises(RegistryError, match="no champion named 'other'"):
        bench.run([], recipe=recipe.replace('name = "spot"', 'name = "other"'))


def test_a_line_whose_champion_was_altered_does_not_start(bench: Bench) -> None:
    (bench.registry.folder / "bundles/spot-1/model.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match="SHA-256"):
        bench.run([])


def test_a_recipe_that_does_not_fit_the_champion_does_not_start(bench: Bench, recipe: str) -> None:
    with pytest.raises(RecipeError, match="no such class"):
        bench.run([], recipe=recipe + "[limits.crack]\nscore = 0.5\n")
