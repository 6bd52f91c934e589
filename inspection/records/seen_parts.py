"""Parts for people to look at: with the pictures of the records, or those that a shadow kept."""

from dataclasses import replace

from inspection.records.query import RecordReader, StoredPart
from inspection.records.shadow_reader import ShadowReader


def part_to_see(
    part_number: int, records: RecordReader, shadows: ShadowReader
) -> StoredPart | None:
    """The part; where the records keep no picture of it, with those that a shadow kept.

    Raises RecordsError.
    """
    part = records.part_by_number(part_number)
    if part is None or part.pictures:
        return part
    judged = {view.view: view.image_sha256 for view in part.record.views}
    pictures = {
        name: picture.path
        for name, picture in shadows.kept_pictures(part_number).items()
        if picture.path is not None and judged.get(name) == picture.sha256
    }
    return replace(part, pictures=pictures)
