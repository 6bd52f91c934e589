import json
import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import BundleError, RegistryError
from models.registry import Registry
from models.stages import Action, Stage

BundleMaker = Callable[..., Path]


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


def promote(registry: Registry, folder: Path, why: str = "better") -> None:
    bundle = registry.add(folder, "ada", "trained")
    registry.promote(bundle.label, "ada", why, {"escapes": [0, 10]})


def test_an_empty_registry_has_no_champion(registry: Registry) -> None:
    assert registry.champion("spot") is None
    assert registry.stages() == {}


def test_stages_follow_promotions(registry: Registry, make_bundle: BundleMaker) -> None:
    promote(registry, make_bundle(version="1"))
    registry.add(make_bundle(version="2"), "ada", "trained")
    assert registry.stages() == {"spot-1": Stage.CHAMPION, "spot-2": Stage.CHALLENGER}
    registry.promote("spot-2", "ada", "fewer escapes", {})
    assert registry.stages() == {"spot-1": Stage.RETIRED, "spot-2": Stage.CHAMPION}


def test_a_roll_back_brings_the_champion_before_back(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    for version in ("1", "2", "3"):
        promote(registry, make_bundle(version=version))
    assert registry.roll_back("spot", "bob", "false rejects").label == "spot-2"
    assert registry.roll_back("spot", "bob", "still").label == "spot-1"
    champion = registry.champion("spot")
    assert champion is not None
    assert champion.label == "spot-1"
    with pytest.raises(RegistryError, match="no earlier champion"):
        registry.roll_back("spot", "bob", "once more")


def test_a_shadow_judges_beside_the_champion_until_it_is_ended(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    promote(registry, make_bundle(version="1"))
    registry.add(make_bundle(version="2"), "ada", "trained")
    registry.shadow("spot-2", "ada", "passed the gate")
    shadow = registry.shadow_of("spot")
    assert shadow is not None
    assert shadow.label == "spot-2"
    assert registry.stages() == {"spot-1": Stage.CHAMPION, "spot-2": Stage.SHADOW}
    assert registry.end_shadow("spot", "ada", "seen enough", {"parts": 900}) == "spot-2"
    assert registry.shadow_of("spot") is None
    assert registry.stages()["spot-2"] is Stage.CHALLENGER
    assert registry.history()[-1].evidence == {"parts": 900}


def test_a_promoted_shadow_is_a_shadow_no_more(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    promote(registry, make_bundle(version="1"))
    registry.add(make_bundle(version="2"), "ada", "trained")
    registry.shadow("spot-2", "ada", "passed the gate")
    registry.promote("spot-2", "ada", "as good on the line", {})
    assert registry.shadow_of("spot") is None
    assert registry.stages() == {"spot-1": Stage.RETIRED, "spot-2": Stage.CHAMPION}


def test_a_shadow_stays_when_the_champion_changes_beside_it(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    promote(registry, make_bundle(version="1"))
    promote(registry, make_bundle(version="2"))
    registry.add(make_bundle(version="3"), "ada", "trained")
    registry.shadow("spot-3", "ada", "passed the gate")
    registry.roll_back("spot", "bob", "false rejects")
    assert registry.stages() == {
        "spot-1": Stage.CHAMPION,
        "spot-2": Stage.RETIRED,
        "spot-3": Stage.SHADOW,
    }


@pytest.mark.parametrize(("label", "said"), [("spot-1", "cannot be its own"), ("spot-3", "spot-2")])
def test_a_champion_and_a_second_bundle_are_no_shadows(
    label: str, said: str, registry: Registry, make_bundle: BundleMaker
) -> None:
    promote(registry, make_bundle(version="1"))
    for version in ("2", "3"):
        registry.add(make_bundle(version=version), "ada", "trained")
    registry.shadow("spot-2", "ada", "passed the gate")
    with pytest.raises(RegistryError, match=said):
        registry.shadow(label, "ada", "passed the gate")


def test_a_shadow_with_damaged_files_can_be_ended_and_retired(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    promote(registry, make_bundle(version="1"))
    added = registry.add(make_bundle(version="2"), "ada", "trained")
    registry.shadow("spot-2", "ada", "passed the gate")
    added.model_path.write_bytes(b"")
    assert registry.end_shadow("spot", "guard", "cannot be opened") == "spot-2"
    registry.retire("spot-2", "guard", "cannot be opened")
    assert registry.stages()["spot-2"] is Stage.RETIRED
    assert registry.history()[-1].digest == added.digest


def test_no_roll_back_returns_to_a_bundle_that_was_retired(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    for version in ("1", "2", "3"):
        promote(registry, make_bundle(version=version))
    registry.retire("spot-2", "ada", "missed every crack")
    assert registry.roll_back("spot", "bob", "false rejects").label == "spot-1"


def test_the_champion_cannot_retire(registry: Registry, spot_bundle: Path) -> None:
    promote(registry, spot_bundle)
    with pytest.raises(RegistryError, match="promote another, or roll back"):
        registry.retire("spot-1", "ada", "old")
    with pytest.raises(RegistryError, match="no bundle 'spot-9'"):
        registry.retire("spot-9", "ada", "old")


def test_a_guard_does_not_roll_back_what_a_person_just_changed(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    for version in ("1", "2", "3"):
        promote(registry, make_bundle(version=version))
    with pytest.raises(RegistryError, match="spot-2 was to go, the champion is spot-3"):
        registry.roll_back("spot", "guard", "rejects doubled", from_label="spot-2")
    back = registry.roll_back("spot", "guard", "rejects doubled", {"rate": 0.2}, "spot-3")
    assert back.label == "spot-2"
    assert registry.history()[-1].evidence == {"instead_of": "spot-3", "rate": 0.2}


def test_a_log_written_before_there_were_shadows_reads_as_before(
    registry: Registry, spot_bundle: Path
) -> None:
    promote(registry, spot_bundle)
    old = (
        '{"action": "%s", "at_utc": "2026-11-22T19:45:19.000+00:00", "digest": "%s", '
        '"evidence": {}, "label": "spot-1", "name": "spot", "who": "ada", "why": "old"}\n'
    )
    digest = registry.bundle("spot-1").digest
    lines = [old % (action, digest) for action in ("add", "promote")]
    (registry.folder / "log.jsonl").write_text("".join(lines))
    assert [event.action for event in registry.history()] == [Action.ADD, Action.PROMOTE]
    champion = registry.champion("spot")
    assert champion is not None
    assert champion.digest == digest


def test_a_log_that_rolls_back_further_than_it_can_is_named(
    registry: Registry, spot_bundle: Path
) -> None:
    promote(registry, spot_bundle)
    log = registry.folder / "log.jsonl"
    log.write_text(log.read_text().replace('"promote"', '"roll_back"'))
    with pytest.raises(RegistryError, match="no champion before"):
        registry.champion("spot")


def test_who_and_why_and_the_figures_are_kept(registry: Registry, spot_bundle: Path) -> None:
    promote(registry, spot_bundle, why="fewer escapes")
    event = registry.history()[-1]
    assert (event.who, event.why, event.evidence) == ("ada", "fewer escapes", {"escapes": [0, 10]})


def test_nobody_promotes_without_a_name(registry: Registry, spot_bundle: Path) -> None:
    registry.add(spot_bundle, "ada", "trained")
    with pytest.raises(RegistryError, match="who does it and why"):
        registry.promote("spot-1", " ", "better", {})


def test_another_bundle_under_a_known_version_is_refused(
    registry: Registry, make_bundle: BundleMaker, tmp_path: Path
) -> None:
    registry.add(make_bundle(), "ada", "trained")
    other = make_bundle(folder=tmp_path / "other", card={"licence": "MIT"})
    with pytest.raises(RegistryError, match="another spot-1"):
        registry.add(other, "ada", "trained")


def test_a_bad_bundle_never_enters(registry: Registry, spot_bundle: Path) -> None:
    (spot_bundle / "model.onnx").write_bytes(b"")
    with pytest.raises(BundleError):
        registry.add(spot_bundle, "ada", "trained")
    assert registry.history() == ()


def test_a_champion_altered_on_disk_is_refused(registry: Registry, spot_bundle: Path) -> None:
    promote(registry, spot_bundle)
    (registry.folder / "bundles/spot-1/model.onnx").write_bytes(b"")
    with pytest.raises(BundleError, match="SHA-256"):
        registry.champion("spot")


def test_a_bundle_is_found_by_its_digest_also_when_retired(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    promote(registry, make_bundle(version="1"))
    first = registry.bundle("spot-1").digest
    promote(registry, make_bundle(version="2"))
    assert registry.by_digest(first).label == "spot-1"
    with pytest.raises(RegistryError, match="no bundle with digest"):
        registry.by_digest("0" * 64)


def test_the_stamp_changes_with_every_event(registry: Registry, make_bundle: BundleMaker) -> None:
    stamps = [registry.stamp()]
    for version in ("1", "2"):
        promote(registry, make_bundle(version=version))
        stamps.append(registry.stamp())
    assert len(set(stamps)) == 3


def test_a_line_cut_off_by_a_crash_is_dropped_at_the_next_write(
    registry: Registry, make_bundle: BundleMaker
) -> None:
    promote(registry, make_bundle(version="1"))
    log = registry.folder / "log.jsonl"
    with log.open("a") as file:
        file.write('{"action": "promote", "label": "sp')
    assert len(registry.history()) == 2
    registry.add(make_bundle(version="2"), "ada", "trained")
    assert [json.loads(line)["label"] for line in log.read_text().splitlines()] == [
        "spot-1",
        "spot-1",
        "spot-2",
    ]


def test_a_damaged_line_inside_the_log_is_named(registry: Registry, spot_bundle: Path) -> None:
    promote(registry, spot_bundle)
    log = registry.folder / "log.jsonl"
    log.write_text("nonsense\n" + log.read_text())
    with pytest.raises(RegistryError, match=r"log\.jsonl, line 1"):
        registry.history()


def test_a_bundle_copied_by_a_process_that_died_before_it_logged_that_is_known_the_next_time(
    registry: Registry, spot_bundle: Path
) -> None:
    shutil.copytree(spot_bundle, registry.folder / "bundles" / "spot-1")
    for _ in range(2):
        registry.add(spot_bundle, "ada", "trained")
    assert [event.action for event in registry.history()] == [Action.ADD]
    assert registry.stages() == {"spot-1": Stage.CHALLENGER}


def test_labels_cannot_leave_the_registry(registry: Registry, spot_bundle: Path) -> None:
    registry.add(spot_bundle, "ada", "trained")
    with pytest.raises(RegistryError, match="no bundle"):
        registry.bundle("../bundles/spot-1")


def test_two_processes_may_add_at_once(registry: Registry, make_bundle: BundleMaker) -> None:
    folders = [make_bundle(version=str(version)) for version in range(1, 7)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        pool.starmap(_add, [(registry.folder, folder) for folder in folders])
    assert len(registry.history()) == 6
    assert set(registry.stages()) == {f"spot-{version}" for version in range(1, 7)}


def _add(registry: Path, folder: Path) -> None:
    Registry(registry).add(folder, "ada", "trained")
