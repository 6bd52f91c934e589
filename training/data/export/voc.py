"""Pascal VOC: JPEGImages/ and an xml file of boxes for each picture in Annotations/."""

from pathlib import Path
from xml.etree import ElementTree

from training.data.dataset import Dataset, Sample
from training.data.export.located import need_places, turned_to_boxes
from training.data.export.placing import Named, Place, named, place, write_parts


def write(dataset: Dataset, out: Path, how: Place) -> list[str]:
    """Outlines and masks are lost: VOC's xml files say boxes."""
    need_places(dataset.samples, "voc")
    places: list[tuple[Path, Sample]] = []
    for each in named(dataset):
        target = out / "JPEGImages" / each.side_folder / each.file_name
        place(each.sample.picture, target, how)
        places.append((target, each.sample))
        path = out / "Annotations" / each.side_folder / f"{each.name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(_annotation(each)).write(path, encoding="utf-8")
    write_parts(out, places)
    return turned_to_boxes(dataset.samples)


def _annotation(each: Named) -> ElementTree.Element:
    root = ElementTree.Element("annotation")
    _add(root, "filename", each.file_name)
    height, width = each.sample.size_hw()
    size = ElementTree.SubElement(root, "size")
    for name, value in (("width", width), ("height", height), ("depth", 1)):
        _add(size, name, str(value))
    for box in each.sample.boxes():
        described = ElementTree.SubElement(root, "object")
        _add(described, "name", box.class_name)
        left, top, right, bottom = box.box_xyxy_px
        bounds = ElementTree.SubElement(described, "bndbox")
        corners = {"xmin": left + 1, "ymin": top + 1, "xmax": right, "ymax": bottom}
        for name, value in corners.items():
            _add(bounds, name, f"{value:.10g}")
    return root


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
