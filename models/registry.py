"""The registry: every bundle a station has had, at which stage it is, and who said so.

A folder: `bundles/<label>/` holds the bundles, `log.jsonl` every event, one line each, in order.
The log is the truth and is only ever appended to; stages are what it adds up to.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.bundle import Bundle, open_bundle
from models.errors import BundleError, RegistryError
from models.signature import copy_signature
from models.stages import Action, RegistryEvent, Stage, Standing, standings

LOG_FILE = "log.jsonl"
STATION_FOLDER = "registry"
"""Where in its data folder a station keeps its registry."""


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

        Adding the same bundle again changes nothing but its signatures. Raises BundleError for a
        bad bundle and RegistryError when another bundle already has its name and version.
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
                copy_signature(source, target)
                if bundle.label in self.stages():
                    return open_bundle(target)
            else:
                _copy_durably(source, target)
            added = open_bundle(target)  # logged also where the process died after the copy
            self._append(Action.ADD, added, who, why, {})
        return added

    def shadow(
        self, label: str, who: str, why: str, evidence: Mapping[str, Any] | None = None
    ) -> Bundle:
        """Let a bundle judge beside the champion of its name, without a say.

        Raises RegistryError when it is the champion, or while its name has another shadow.
        """
        with self._locked():
            bundle = self.bundle(label)
            standing = self.standing(bundle.card.name)
            if standing.champion == label:
                raise RegistryError(f"{label} is the champion: it cannot be its own shadow")
            if standing.shadow is not None:
                raise RegistryError(f"{standing.shadow} is the shadow already: end that first")
            self._append(Action.SHADOW, bundle, who, why, evidence or {})
        return bundle

    def end_shadow(
        self, name: str, who: str, why: str, evidence: Mapping[str, Any] | None = None
    ) -> str:
        """Make the shadow of this name, whose label this gives, a challenger again.

        Works also where its files are damaged. Raises RegistryError without a shadow.
        """
        with self._locked():
            label = self.standing(name).shadow
            if label is None:
                raise RegistryError(f"{name}: no shadow to end")
            self._append_known(Action.END_SHADOW, label, who, why, evidence or {})
        return label

    def promote(self, label: str, who: str, why: str, evidence: Mapping[str, Any]) -> Bundle:
        """Make a bundle the champion of its name; a running line takes it up between two parts."""
        with self._locked():
            bundle = self.bundle(label)
            if self.standing(bundle.card.name).champion == label:
                raise RegistryError(f"{label} is the champion already")
            self._append(Action.PROMOTE, bundle, who, why, evidence)
        return bundle

    def roll_back(
        self,
        name: str,
        who: str,
        why: str,
        evidence: Mapping[str, Any] | None = None,
        from_label: str | None = None,
    ) -> Bundle:
        """Make the champion before the present one champion again.

        from_label: who must be champion now, so that a guard never undoes what a person did just
            before it.
        Raises RegistryError when that is another one, or none was champion before.
        """
        with self._locked():
            reigns = self.standing(name).reigns
            if from_label is not None and (not reigns or reigns[-1] != from_label):
                now = reigns[-1] if reigns else "none"
                raise RegistryError(f"{name}: {from_label} was to go, the champion is {now}")
            if len(reigns) < 2:
                raise RegistryError(f"{name}: no earlier champion to roll back to")
            bundle = self.bundle(reigns[-2])
            known = {"instead_of": reigns[-1], **(evidence or {})}
            self._append(Action.ROLL_BACK, bundle, who, why, known)
        return bundle

    def retire(
        self, label: str, who: str, why: str, evidence: Mapping[str, Any] | None = None
    ) -> None:
        """Put a bundle away: no roll-back returns to it; only the gate can bring it back.

        Works also where its files are damaged. Raises RegistryError for the champion, and
        where there is none of this label.
        """
        with self._locked():
            if self.stages().get(label) is Stage.CHAMPION:
                raise RegistryError(
                    f"{label} is the champion: promote another, or roll back, before it retires"
                )
            self._append_known(Action.RETIRE, label, who, why, evidence or {})

    def champion(self, name: str) -> Bundle | None:
        """The champion of this name, its files checked, or None when there was never one."""
        label = self.standing(name).champion
        return None if label is None else self.bundle(label)

    def shadow_of(self, name: str) -> Bundle | None:
        """The bundle that judges beside the champion of this name, its files checked, or None."""
        label = self.standing(name).shadow
        return None if label is None else self.bundle(label)

    def bundle(self, label: str) -> Bundle:
        """The bundle with this label. Raises RegistryError when the registry has none."""
        folder = self._bundles / label
        if Path(label).name != label or not folder.is_dir():
            raise RegistryError(f"{self.folder}: no bundle {label!r}; here are {self._known()}")
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
        found = standings(self.history()).values()
        return {label: stage for each in found for label, stage in each.stages.items()}

    def standing(self, name: str) -> Standing:
        """How the bundles of this name stand."""
        return standings(self.history()).get(name, Standing())

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

    def _append_known(
        self, action: Action, label: str, who: str, why: str, evidence: Mapping[str, Any]
    ) -> None:
        """Log what is done to a bundle that need not be opened for it."""
        added = [event for event in self.history() if event.label == label]
        if not added:
            raise RegistryError(f"{self.folder}: no bundle {label!r}; here are {self._known()}")
        self._write(replace(added[0], action=action, who=who, why=why, evidence=evidence))

    def _append(
        self, action: Action, bundle: Bundle, who: str, why: str, evidence: Mapping[str, Any]
    ) -> None:
        name, label, digest = bundle.card.name, bundle.label, bundle.digest
        self._write(RegistryEvent("", action, name, label, digest, who, why, evidence))

    def _write(self, event: RegistryEvent) -> None:
        """Write the event, as of now, to disk."""
        if not event.who.strip() or not event.why.strip():
            raise RegistryError(f"{event.action} {event.label}: say who does it and why")
        now_utc = datetime.now(UTC).isoformat(timespec="milliseconds")
        _drop_torn_line(self._log)
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(replace(event, at_utc=now_utc)), sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _known(self) -> str:
        return ", ".join(sorted(self.stages())) or "none"

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
