"""A report before it is a page or a PDF: titled sections of lines, tables and pictures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under named columns."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as an SVG document, and what it shows in words."""

    svg: str
    alt: str


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report. alarm: whether its first line is what a reader must not miss."""

    title: str
    lines: tuple[str, ...] = ()
    table: Table | None = None
    pictures: tuple[Picture, ...] = ()
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]
