"""What came, went and changed between two versions of a frozen data set."""

from collections.abc import Iterable
from dataclasses import dataclass

from training.data.manifest import Manifest, Picture


@dataclass(frozen=True, slots=True)
class Changed:
    """A picture that is in both versions, with what is said of it before and after."""

    before: Picture
    after: Picture


@dataclass(frozen=True, slots=True)
class Difference:
    """Pictures by their content: one that was only moved to another path did not change.

    relabelled: other labels, or other words of whose they are. moved: another side. regrouped:
    another part or lot.
    """

    came: tuple[Picture, ...]
    went: tuple[Picture, ...]
    relabelled: tuple[Changed, ...]
    moved: tuple[Changed, ...]
    regrouped: tuple[Changed, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.came or self.went or self.relabelled or self.moved or self.regrouped)


def difference(before: Manifest, after: Manifest) -> Difference:
    """From one version to another."""
    was, now = _by_content(before.pictures), _by_content(after.pictures)
    both = [Changed(was[key], now[key]) for key in now if key in was]
    return Difference(
        came=tuple(picture for key, picture in now.items() if key not in was),
        went=tuple(picture for key, picture in was.items() if key not in now),
        relabelled=tuple(each for each in both if _said(each.before) != _said(each.after)),
        moved=tuple(each for each in both if each.before.side is not each.after.side),
        regrouped=tuple(
            each
            for each in both
            if (each.before.part, each.before.lot) != (each.after.part, each.after.lot)
        ),
    )


def labels_in_words(picture: Picture) -> str:
    """The classes on a picture, with how often."""
    names = [label.class_name for label in picture.labels]
    counted = (f"{names.count(name)} {name}" for name in sorted(set(names)))
    return ", ".join(counted) or "good"


def _by_content(pictures: Iterable[Picture]) -> dict[tuple[str, object], Picture]:
    """Two views of one file, cut out differently, are two pictures."""
    return {(picture.file.sha256, picture.region): picture for picture in pictures}


def _said(picture: Picture) -> tuple[object, ...]:
    """What is said of a picture; where a mask file lies does not matter, what is in it does."""
    labels = sorted(label.model_dump_json(exclude={"file": {"path"}}) for label in picture.labels)
    return labels, picture.authority, picture.who
