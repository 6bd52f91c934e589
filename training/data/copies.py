"""Pictures that a data set holds more than once, byte for byte."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from training.data.dataset import Sample
from training.data.duplicates import is_own_name
from training.data.faults import Faults
from training.data.labels import Label, MaskImage, Somewhere


def join_copies(
    samples: Sequence[Sample], faults: Faults
) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """The samples, each picture once, and what is to be said of that.

    A picture in the folders of two classes shows both. Of other copies the first one counts. A
    picture that is labelled as good and as defective is a fault, and so is one of two named parts.
    """
    by_content: dict[bytes, list[Sample]] = {}
    for sample in samples:
        content = hashlib.sha256(sample.picture.read_bytes()).digest()
        by_content.setdefault(content, []).append(sample)
    copies = sum(len(same) - 1 for same in by_content.values())
    joined = tuple(_joined(same, faults) for same in by_content.values())
    return joined, (f"{copies} pictures are copies of others and count once",) if copies else ()


def _joined(same: Sequence[Sample], faults: Faults) -> Sample:
    first = same[0]
    for other in same[1:]:
        if other.is_good != first.is_good:
            good, bad = (first, other) if first.is_good else (other, first)
            faults.add(
                f"{good.picture}: labelled as good, and its copy {bad.picture} as "
                f"{', '.join(sorted(bad.classes))}"
            )
        if other.part != first.part and not (is_own_name(first) and is_own_name(other)):
            faults.add(
                f"the same file twice: {first.picture} as part {first.part!r} and {other.picture} "
                f"as part {other.part!r}; one of the two names is wrong"
            )
    if not all(_is_of_a_folder(label) for sample in same for label in sample.labels):
        return first
    labels = {label.digest(): label for sample in same for label in sample.labels}
    return replace(first, labels=tuple(labels.values()))


def _is_of_a_folder(label: Label) -> bool:
    """True for labels whose class is the name of the folder that the picture lies in."""
    return isinstance(label, MaskImage | Somewhere)
