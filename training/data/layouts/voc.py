"""Pascal VOC: an xml file with boxes for each picture (Everingham et al., IJCV 88, 2010).

    JPEGImages/x.jpg  Annotations/x.xml      also  images/x.png  annotations/x.xml
                                             or    x.png  x.xml  in one folder

Corners are whole pixels counted from 1, and both belong to the box. A picture without objects, or
without a file, is a good part.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from training.data.dataset import Sample
from training.data.labels import Box
from training.data.layouts.reading import Reading
from training.data.pictures import is_picture
from training.errors import TrainingError

_ROOT = "annotation"
_FOLDERS = frozenset({"annotations", "jpegimages", "images", "xml", "xmls", "labels"})
_SIDES = ("xmin", "ymin", "xmax", "ymax")


def claims(reading: Reading) -> bool:
    """True where an .xml file annotates a picture."""
    return any(_is_annotation(path) for path in reading.named(".xml"))


def read(reading: Reading) -> Iterator[Sample]:
    """The samples in the folder, in the order of their pictures' names.

    Faults: a file that is not VOC, and one without its picture.
    """
    described = {_key(path, reading): path for path in reading.named(".xml")}
    for picture in reading.files:
        if not is_picture(picture) or "SegmentationClass" in picture.parts:
            continue
        path = described.pop(_key(picture, reading), None)
        if reading.wants(picture):
            with reading.faults.collected():
                yield reading.sample(picture, [] if path is None else _boxes(path))
    for path in sorted(described.values()):
        reading.faults.add(f"{path}: no picture {path.stem}.* for these labels")


def _key(path: Path, reading: Reading) -> tuple[str, ...]:
    """What a picture and its file have in common."""
    relative = path.relative_to(reading.folder).with_suffix("")
    folders = (name for name in relative.parts[:-1] if name.lower() not in _FOLDERS)
    return (*folders, relative.name)


def _boxes(path: Path) -> list[Box]:
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise TrainingError(f"{path}: cannot be read as XML: {error}") from error
    if root.tag != _ROOT:
        raise TrainingError(f"{path}: not VOC: expected <{_ROOT}>, got <{root.tag}>")
    objects = enumerate(root.iterfind("object"), 1)
    return [_box(one, f"{path}, object {number}") for number, one in objects]


def _box(described: ElementTree.Element, where: str) -> Box:
    name = (described.findtext("name") or "").strip()
    words = [described.findtext(f"bndbox/{side}") for side in _SIDES]
    try:
        left, top, right, bottom = (float(word or "") for word in words)
    except ValueError:
        raise TrainingError(f"{where}: expected a bndbox with {_SIDES}, got {words}") from None
    if not name:
        raise TrainingError(f"{where}: no name")
    return Box(name, (left - 1.0, top - 1.0, right, bottom))


def _is_annotation(path: Path) -> bool:
    try:
        return f"<{_ROOT}" in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
