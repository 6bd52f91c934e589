"""A data set as it was on one day: a file that names pictures, labels and sides, with their hashes.

It points at the files and copies none. Its digest names it, also on the card of a bundle that was
trained on it. A later version names the one before, and keeps the side of every part it knew.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from inspection.recipe import Region
from models.bundle import file_sha256
from models.card import Sha256
from training.data.authors import Author, Authority
from training.data.dataset import Dataset, Sample
from training.data.manifest_labels import (
    Entry,
    FrozenFile,
    LabelEntry,
    MaskEntry,
    entry_of,
    label_of,
)
from training.data.sides import Side
from training.errors import TrainingError

_NAMED_IN_FULL = 20


class Picture(Entry):
    """One picture of one part, as `training.data.dataset.Sample` has it."""

    file: FrozenFile
    part: str
    side: Side
    labels: tuple[LabelEntry, ...] = ()
    lot: str = ""
    authority: Authority | None = None
    who: str = ""
    template: FrozenFile | None = None
    region: Region | None = None
    full_scale: int | None = None

    def author(self) -> str:
        """Whose word the labels are, in words."""
        return f"{self.authority or 'somebody'} {self.who}".strip()

    def files(self) -> Iterator[FrozenFile]:
        yield self.file
        yield from (label.file for label in self.labels if isinstance(label, MaskEntry))
        if self.template is not None:
            yield self.template


class Manifest(Entry):
    """The file's content.

    held_apart: what never lies on two sides: single parts, or whole lots.
    parent: digest of the version before; None for a first one.
    digest: SHA-256 over all of it but `created_utc` and itself.
    """

    format: Literal[1] = 1
    digest: Sha256
    parent: Sha256 | None = None
    created_utc: str
    source: str
    held_apart: Literal["part", "lot"]
    notes: tuple[str, ...] = ()
    pictures: tuple[Picture, ...]

    def content_digest(self) -> str:
        """What `digest` must be."""
        content = self.model_dump(mode="json", exclude={"digest", "created_utc"})
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(text.encode()).hexdigest()

    def sides(self) -> dict[str, Side]:
        """The side of each part."""
        return {picture.part: picture.side for picture in self.pictures}


def freeze(
    dataset: Dataset,
    out: Path,
    *,
    held_apart: Literal["part", "lot"] = "part",
    parent: Manifest | None = None,
    notes: tuple[str, ...] = (),
) -> Manifest:
    """Write a data set whose every sample has a side to the new file `out`.

    Raises TrainingError when the file is there already, or cannot be written.
    """
    home = out.resolve().parent
    draft = Manifest(
        digest="0" * 64,
        parent=None if parent is None else parent.digest,
        created_utc=datetime.now(UTC).isoformat(timespec="seconds"),
        source=dataset.source,
        held_apart=held_apart,
        notes=notes,
        pictures=tuple(_picture(sample, home) for sample in dataset.samples),
    )
    manifest = draft.model_copy(update={"digest": draft.content_digest()})
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(_text(manifest))
    except OSError as error:
        raise TrainingError(
            f"{out}: a manifest goes to a new file, so that none is ever altered: {error}"
        ) from error
    return manifest


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file. Raises TrainingError for no manifest, or one that was altered."""
    try:
        manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(f"{path}: no readable manifest: {error}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"]) or "file"
        raise TrainingError(f"{path}: not a manifest: {where}: {fault['msg']}") from error
    found = manifest.content_digest()
    if found != manifest.digest:
        raise TrainingError(
            f"{path}: its content has the digest {found}, it says {manifest.digest}; it was "
            "altered: freeze the data anew"
        )
    _check_sides(manifest, path)
    return manifest


def open_manifest(path: Path) -> Dataset:
    """The data set that a manifest names, every file checked against its hash.

    Raises TrainingError naming all files that are missing or altered.
    """
    manifest, home = read_manifest(path), path.resolve().parent
    if wrong := wrong_files(manifest, home):
        more = len(wrong) - _NAMED_IN_FULL
        raise TrainingError(
            f"{path}: {len(wrong)} files are not as they were frozen:\n  "
            + "\n  ".join(wrong[:_NAMED_IN_FULL])
            + (f"\n  and {more} more" if more > 0 else "")
            + "\nput them back, or freeze a new version with --parent"
        )
    samples = tuple(_sample(picture, home) for picture in manifest.pictures)
    source = f"{path}, manifest {manifest.digest[:12]}"
    return Dataset(samples, source, manifest=manifest.digest)


def wrong_files(manifest: Manifest, home: Path) -> list[str]:
    """Each file that is missing or altered, and how.

    home: the folder of the manifest's file.
    """
    expected = {file.path: file.sha256 for each in manifest.pictures for file in each.files()}
    wrong: list[str] = []
    for name, digest in expected.items():
        path = home / name
        if not path.is_file():
            wrong.append(f"{name}: missing")
        elif (found := file_sha256(path)) != digest:
            wrong.append(f"{name}: altered: SHA-256 {found[:12]}..., was {digest[:12]}...")
    return wrong


def _check_sides(manifest: Manifest, path: Path) -> None:
    sides: defaultdict[str, set[Side]] = defaultdict(set)
    for picture in manifest.pictures:
        sides[picture.part].add(picture.side)
    torn = sorted(part for part, own in sides.items() if len(own) > 1)
    if torn:
        raise TrainingError(f"{path}: pictures of part {torn[0]!r} are on several sides")


def _picture(sample: Sample, home: Path) -> Picture:
    if sample.side is None:
        raise TrainingError(f"{sample.picture}: part {sample.part!r} has no side of the split yet")
    author = sample.author
    return Picture(
        file=FrozenFile.of(sample.picture, home),
        part=sample.part,
        side=sample.side,
        labels=tuple(entry_of(label, home) for label in sample.labels),
        lot=sample.lot,
        authority=None if author is None else author.authority,
        who="" if author is None else author.who,
        template=None if sample.template is None else FrozenFile.of(sample.template, home),
        region=sample.region,
        full_scale=sample.full_scale,
    )


def _sample(picture: Picture, home: Path) -> Sample:
    author = None if picture.authority is None else Author(picture.authority, picture.who)
    return Sample(
        picture=home / picture.file.path,
        part=picture.part,
        labels=tuple(label_of(entry, home, picture.file.path) for entry in picture.labels),
        region=picture.region,
        full_scale=picture.full_scale,
        template=None if picture.template is None else home / picture.template.path,
        lot=picture.lot,
        author=author,
        side=picture.side,
    )


def _text(manifest: Manifest) -> str:
    """JSON with a line for each picture, so that two versions can be compared line by line."""
    content: dict[str, Any] = manifest.model_dump(mode="json", exclude_none=True)
    pictures = content.pop("pictures")
    head = json.dumps(content, indent=1, ensure_ascii=False)
    lines = ",\n".join("  " + json.dumps(each, ensure_ascii=False) for each in pictures)
    return f'{head[:-2]},\n "pictures": [\n{lines}\n ]\n}}\n'
