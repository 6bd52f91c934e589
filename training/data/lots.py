"""Which lot each part is of: a column `lot` in the file that groups pictures by part."""

import csv
from dataclasses import replace
from pathlib import Path

from training.data.dataset import Dataset
from training.data.layouts.groups import KNOWN_FILES
from training.errors import TrainingError


def with_lots(dataset: Dataset, folder: Path, groups: Path | None) -> Dataset:
    """The data set with the lots that its grouping file names, if it has a column of them.

    groups: as in `training.data.dataset.open_dataset`. Raises TrainingError for a part of two lots.
    """
    files = [groups] if groups else [folder / name for name in KNOWN_FILES]
    path = next((path for path in files if path.is_file()), None)
    if path is None:
        return dataset
    lots = _read(path)
    samples = (
        replace(each, lot=lots[each.part]) if each.part in lots else each
        for each in dataset.samples
    )
    return replace(dataset, samples=tuple(samples))


def _read(path: Path) -> dict[str, str]:
    """Lot by part."""
    lots: dict[str, str] = {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        head = next(rows, [])
        if "lot" not in head:
            return lots
        column = head.index("lot")
        for row in rows:
            part, lot = row[1], row[column]
            if lots.setdefault(part, lot) != lot:
                raise TrainingError(f"{path}: part {part!r} is of lot {lots[part]!r} and {lot!r}")
    return lots
