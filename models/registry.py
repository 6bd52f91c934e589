"""The registry: every bundle a station has had, which one is champion, and who said so.

A folder: `bundles/<label>/` holds the bundles, `log.jsonl` every event, one line each, in order.
The log is the truth and is only ever appended to; stages are what it adds up to.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from models.bundle import Bundle, open_bundle
from models.errors import BundleError, RegistryError

LOG_FILE = "log.jsonl"
STATION_FOLDER = "registry"
"""Where in its data folder a station keeps its registry."""


class Action(StrEnum):
    """What can be done to a bundle."""

    ADD = "add"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"


class Stage(StrEnum):
    """Where a bundle stands: on trial, on the line, or done."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class RegistryEvent:
    """One line of the log: what was done to which bundle, when, by whom and why.

    evidence: the gate's figures for a promotion.
    """

    at_utc: str
    action: Action
    name: str
    label: str
    digest: str
    who: str
    why: str
    evidence: Mapping[str, Any]


class Registry:
    """Versions and stages of a station's models.

    Several processes may use one registry: writers take a lock, readers see whole lines only.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bundles = folder / "bundles"
        self._log = folder / LOG_FILE

    def add(self, source: Path, who: str, why: str) -> Bundle:
        """Check the bundle in `source` and copy it in as a challenger.

        Adding the same bundle again changes nothing. Raises BundleError for a bad bundle and
        RegistryError when another bundle already has its name and version.
        """
        bundle = open_bundle(source)
        target = self._bundles / bundle.label
        with self._locked():
            if target.exists():
                known = open_bundle(target)
                if known.digest != bundle.digest:
                    raise RegistryError(
                        f"{source}: the registry has another {bundle.label} (card "
                        f"{known.digest[:12]}, this one {bundle.digest[:12]}); "
                        "give the new bundle a version of its own"
                    )
                return known
            _copy_durably(source, target)
            added = open_bundle(target)
            self._append(Action.ADD, added, who, why, {})
        return added

    def promote(self, label: str, who: str, why: str, evidence: Mapping[str, Any]) -> Bundle:
        """Make a bundle the champion of its name; a running line takes it up between two parts."""
        with self._locked():
            bundle = self.bundle(label)
            champion = self._champion_label(bundle.card.name)
            if champion == label:
                raise RegistryError(f"{label} is the champion already")
            self._append(Action.PROMOTE, bundle, who, why, evidence)
        return bundle

    def roll_back(self, name: str, who: str, why: str) -> Bundle:
        """Make the champion before the present one champion again."""
        with self._locked():
            reigns = self._reigns(name)
            if len(reigns) < 2:
                raise RegistryError(f"{name}: no earlier champion to roll back to")
            bundle = self.bundle(reigns[-2])
            self._append(Action.ROLL_BACK, bundle, who, why, {"instead_of": reigns[-1]})
        return bundle

    def champion(self, name: str) -> Bundle | None:
        """The champion of this name, its files checked, or None when there was never one."""
        label = self._champion_label(name)
        return None if label is None else self.bundle(label)

    def bundle(self, label: str) -> Bundle:
        """The bundle with this label. Raises RegistryError when the registry has none."""
        folder = self._bundles / label
        if Path(label).name != label or not folder.is_dir():
            known = ", ".join(sorted(self.stages())) or "none"
            raise RegistryError(f"{self.folder}: no bundle {label!r}; here are {known}")
        return open_bundle(folder)

    def by_digest(self, digest: str) -> Bundle:
        """The bundle with this card digest, for replaying a record."""
        for event in self.history():
            if event.digest == digest:
                bundle = self.bundle(event.label)
                if bundle.digest != digest:
                    raise BundleError(
                        f"{bundle.folder}: the card is {bundle.digest}, the log says {digest}"
                    )
                return bundle
        raise RegistryError(f"{self.folder}: no bundle with digest {digest}")

    def stages(self) -> dict[str, Stage]:
        """The stage of every bundle, by label."""
        stages: dict[str, Stage] = {}
        champions: dict[str, str] = {}
        for event in self.history():
            if event.action is Action.ADD:
                stages[event.label] = Stage.CHALLENGER
                continue
            before = champions.get(event.name)
            if before is not None:
                stages[before] = Stage.RETIRED
            champions[event.name] = event.label
            stages[event.label] = Stage.CHAMPION
        return stages

    def history(self) -> tuple[RegistryEvent, ...]:
        """Every event, oldest first. Raises RegistryError for a damaged log."""
        try:
            lines = self._log.read_text(encoding="utf-8").splitlines(keepends=True)
        except FileNotFoundError:
            return ()
        # A last line without its end is an append in progress, or one cut off by a crash.
        whole = [line for line in lines if line.endswith("\n")]
        return tuple(_event(line, self._log, number) for number, line in enumerate(whole, 1))

    def stamp(self) -> tuple[int, int]:
        """Changes whenever the log does; costs one stat, so that the line can ask at every part."""
        try:
            stat = self._log.stat()
        except FileNotFoundError:
            return (0, 0)
        return (stat.st_mtime_ns, stat.st_size)

    def _champion_label(self, name: str) -> str | None:
        reigns = self._reigns(name)
        return reigns[-1] if reigns else None

    def _reigns(self, name: str) -> list[str]:
        """Labels of the champions of `name` that stand, oldest first: a roll-back ends the last."""
        reigns: list[str] = []
        for event in self.history():
            if event.name != name:
                continue
            if event.action is Action.PROMOTE:
                reigns.append(event.label)
            elif event.action is Action.ROLL_BACK:
                reigns.pop()
        return reigns

    def _append(
        self, action: Action, bundle: Bundle, who: str, why: str, evidence: Mapping[str, Any]
    ) -> None:
        if not who.strip() or not why.strip():
            raise RegistryError(f"{action} {bundle.label}: say who does it and why")
        event = RegistryEvent(
            at_utc=datetime.now(UTC).isoformat(timespec="milliseconds"),
            action=action,
            name=bundle.card.name,
            label=bundle.label,
            digest=bundle.digest,
            who=who,
            why=why,
            evidence=evidence,
        )
        _drop_torn_line(self._log)
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(event), sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _locked(self) -> Generator[None]:
        try:
            self._bundles.mkdir(parents=True, exist_ok=True)
            with (self.folder / "lock").open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise RegistryError(f"{self.folder}: cannot be written: {error}") from error


def station_registry(data: Path) -> Registry:
    """The registry of the station with this data folder."""
    return Registry(data / STATION_FOLDER)


def _event(line: str, path: Path, number: int) -> RegistryEvent:
    try:
        values: dict[str, Any] = json.loads(line)
        values["action"] = Action(values["action"])
        return RegistryEvent(**values)
    except (ValueError, TypeError, KeyError) as error:
        raise RegistryError(f"{path}, line {number}: damaged: {error}") from error


def _copy_durably(source: Path, target: Path) -> None:
    """Copy a bundle so that `target` is whole or absent, also after a power cut."""
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    for path in [*partial.iterdir(), partial]:
        _sync(path)
    partial.rename(target)
    _sync(target.parent)


def _drop_torn_line(log: Path) -> None:
    """Cut off what a crash left of a line that was never acknowledged."""
    if not log.exists():
        return
    content = log.read_bytes()
    if content and not content.endswith(b"\n"):
        os.truncate(log, content.rfind(b"\n") + 1)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
