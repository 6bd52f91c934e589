"""Reading what a shadow said beside the champion: how far its trial is, and where they disagree."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from sqlalchemy import Select, select

from inspection.judge import Outcome
from inspection.records import shadow_schema as schema
from inspection.records.images import load_picture
from inspection.records.source import Source
from inspection.records.store import SHADOW_FILE
from models.findings import Finding


@dataclass(frozen=True, slots=True)
class TrialCounts:
    """What has been counted of a shadow beside one champion.

    parts: judged by both. no_answer: of these, the shadow gave none. disagreements: the shadow gave
    another verdict. passed_over: judged by the champion while the shadow was busy.
    took_ns: what the shadow's verdicts took, all together.
    """

    digest: str
    champion_digest: str
    label: str
    champion_label: str
    parts: int
    no_answer: int
    disagreements: int
    passed_over: int
    took_ns: int
    first_part: int
    last_part: int
    last_utc_ns: int


@dataclass(frozen=True, slots=True)
class ShadowPicture:
    """A view of a part as the shadow judged it.

    path: of the picture that the shadow kept, from the data folder on; None where it kept none.
    """

    view: str
    findings: tuple[Finding, ...]
    path: str | None
    sha256: str
    pixel_format: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A part on which shadow and champion gave other verdicts."""

    part_number: int
    serial: str
    digest: str
    champion_digest: str
    champion: Outcome
    champion_score: float | None
    shadow: Outcome
    score: float | None
    views: tuple[ShadowPicture, ...]
    at_utc_ns: int


class ShadowReader:
    """Reads the shadow's database; a folder without one is answered as an empty one.

    Every method raises RecordsError when it cannot be read.
    """

    def __init__(self, folder: Path, *, busy_timeout_s: float = 2.0) -> None:
        self._folder = folder
        self._shadow = Source(folder, SHADOW_FILE, busy_timeout_s)

    def close(self) -> None:
        self._shadow.close()

    def counts(self, digest: str, champion_digest: str) -> TrialCounts | None:
        """What has been counted of this shadow beside this champion; None before its first part."""
        trials = schema.trials.c
        wanted = (trials.digest == digest) & (trials.champion_digest == champion_digest)
        with self._shadow.reading() as connection:
            row = connection.execute(select(schema.trials).where(wanted)).mappings().first()
        return None if row is None else TrialCounts(**row)

    def disagreements(
        self, digest: str, champion_digest: str, *, after: int = -1, limit: int = 1000
    ) -> list[Disagreement]:
        """The next parts above number `after` on which these two disagree, in order."""
        answers = schema.answers.c
        wanted = _between(digest, champion_digest).where(answers.part_number > after)
        return self._disagreements(wanted.order_by(answers.part_number).limit(limit))

    def latest_disagreements(
        self, digest: str, champion_digest: str, limit: int
    ) -> list[Disagreement]:
        """The latest parts on which these two disagree, the newest first."""
        newest_first = schema.answers.c.part_number.desc()
        wanted = _between(digest, champion_digest)
        return self._disagreements(wanted.order_by(newest_first).limit(limit))

    def kept_pictures(self, part_number: int) -> dict[str, ShadowPicture]:
        """The pictures of a part that shadows kept, by view; each that disagreed may have some."""
        answers = schema.answers.c
        wanted = select(schema.answers).where(
            (answers.part_number == part_number) & answers.disagrees.is_(True)
        )
        return {
            picture.view: picture
            for found in self._disagreements(wanted)
            for picture in found.views
            if picture.path is not None
        }

    def picture(self, picture: ShadowPicture) -> NDArray[Any] | None:
        """A picture that the shadow kept, proved by its hash; None where the records have it.

        Raises RecordsError when it is gone or altered.
        """
        if picture.path is None:
            return None
        return load_picture(self._folder, picture.path, picture.sha256, picture.pixel_format)

    def _disagreements(self, query: Select[Any]) -> list[Disagreement]:
        with self._shadow.reading() as connection:
            return [_disagreement(row) for row in connection.execute(query).mappings()]


def _between(digest: str, champion_digest: str) -> Select[Any]:
    answers = schema.answers.c
    return select(schema.answers).where(
        answers.disagrees.is_(True)
        & (answers.digest == digest)
        & (answers.champion_digest == champion_digest)
    )


def view_json(picture: ShadowPicture) -> dict[str, Any]:
    """A view as its row has it."""
    return {
        "view": picture.view,
        "findings": [
            [each.class_name, each.score, each.box_xyxy_px, each.area_px]
            for each in picture.findings
        ],
        "path": picture.path,
        "sha256": picture.sha256,
        "pixel_format": picture.pixel_format,
    }


def _view(said: Mapping[str, Any]) -> ShadowPicture:
    findings = tuple(
        Finding(name, score, (box[0], box[1], box[2], box[3]), area_px)
        for name, score, box, area_px in said["findings"]
    )
    return ShadowPicture(said["view"], findings, said["path"], said["sha256"], said["pixel_format"])


def _disagreement(row: Mapping[Any, Any]) -> Disagreement:
    return Disagreement(
        part_number=row["part_number"],
        serial=row["serial"],
        digest=row["digest"],
        champion_digest=row["champion_digest"],
        champion=Outcome(row["champion_outcome"]),
        champion_score=row["champion_score"],
        shadow=Outcome(row["outcome"]),
        score=row["score"],
        views=tuple(_view(said) for said in json.loads(row["views"])),
        at_utc_ns=row["at_utc_ns"],
    )
