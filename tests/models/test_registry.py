import json
import multiprocessing
from collections.abc import Callable
from pathlib import Path

import pytest

from models.errors import BundleError, RegistryError
from models.registry import Registry, Stage

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
