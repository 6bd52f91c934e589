"""Pascal VOC: an xml file with boxes for each picture (Everingham et al., IJCV 88, 2010).

    JPEGImages/x.jpg  Annotations/x.xml      also  images/x.png  annotations/x.xml
                                             or    x.png  x.xml  in one folder
    train/images/crazing/x.jpg  train/annotations/x.xml         folders by class on one side alone

Corners are whole pixels counted from 1, and both belong to the box. A picture without objects, or
without a file, is a good part.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from training.data.dataset import Sample
from training.data.labels import Box
from training.data.layouts.reading import Reading, is_side
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
    described = _described(reading)
    bare = 0
    for picture in _pictures(reading):
        path = described.pop(picture, None)
        if reading.wants(picture):
            bare += path is None
            with reading.faults.collected():
                yield reading.sample(picture, [] if path is None else _boxes(path))
    if bare:
        reading.notes.append(f"{bare} pictures have no .xml file and count as good parts")


def _described(reading: Reading) -> dict[Path, Path]:
    """The file of each picture that has one; one without a picture is a fault.

    The two lie in the same folders but for those that only say what is in them; where that leaves
    some over, their names and sides say which belong together.
    """
    files = {_key(path, reading): path for path in reading.named(".xml")}
    pictures = {_key(path, reading): path for path in _pictures(reading)}
    found = {pictures[key]: files[key] for key in files if key in pictures}
    left = [path for key, path in files.items() if key not in pictures]
    by_name: defaultdict[tuple[str, ...], list[Path]] = defaultdict(list)
    for key, picture in pictures.items():
        if key not in files:
            by_name[_side_and_name(picture, reading)].append(picture)
    for path in sorted(left):
        match by_name.get(_side_and_name(path, reading), []):
            case [picture] if picture not in found:
                found[picture] = path
            case _:
                reading.faults.add(f"{path}: no picture {path.stem}.* for these labels")
    return found


def _pictures(reading: Reading) -> Iterator[Path]:
    return (p for p in reading.files if is_picture(p) and "SegmentationClass" not in p.parts)


def _key(path: Path, reading: Reading) -> tuple[str, ...]:
    """What a picture and its file have in common."""
    relative = path.relative_to(reading.folder).with_suffix("")
    folders = (name for name in relative.parts[:-1] if name.lower() not in _FOLDERS)
    return (*folders, relative.name)


def _side_and_name(path: Path, reading: Reading) -> tuple[str, ...]:
    relative = path.relative_to(reading.folder)
    return (*(name for name in relative.parts[:-1] if is_side(name)), relative.stem)


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
