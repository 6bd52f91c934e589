"""A machined metal part under a ring light, rendered with labelled defects."""

from camera.renderer.labels import DefectKind, PartMix, RenderedDefect, RenderedPart
from camera.renderer.part import PartRenderer
from camera.renderer.product import PartShape

__all__ = [
    "DefectKind",
    "PartMix",
    "PartRenderer",
    "PartShape",
    "RenderedDefect",
    "RenderedPart",
]
