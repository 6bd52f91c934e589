"""One name for each setting of a camera, also where a selector stands before it.

`TriggerMode[FrameStart]` is TriggerMode while TriggerSelector stands at FrameStart; a feature with
two selectors has both entries in the brackets, in the camera's own order. Without brackets the
selectors stay where they stand.
"""

import itertools
import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from genicam import genapi

from camera.frame import CameraConfigError

MOST_SELECTED = 64
"""A feature that its selectors multiply further is a table, not a setting: it is left out."""

_KEY = re.compile(r"(?P<name>\w+)(\[(?P<selected>[^\[\]]+)\])?")
_OFFERED = (genapi.EAccessMode.RO, genapi.EAccessMode.RW, genapi.EAccessMode.WO)
_READABLE = (genapi.EAccessMode.RO, genapi.EAccessMode.RW)


@dataclass(frozen=True, slots=True)
class FeatureKey:
    """A feature by its SFNC name, and where its selectors have to stand."""

    name: str
    selected: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "FeatureKey":
        """The key that `text` writes. Raises CameraConfigError for another notation."""
        found = _KEY.fullmatch(text.strip())
        if found is None:
            raise CameraConfigError(
                f"{text!r} is no feature: expected a name such as ExposureTime, "
                "or TriggerMode[FrameStart] with the selector's entry"
            )
        entries = (found["selected"] or "").split(",") if found["selected"] else []
        return cls(found["name"], tuple(entry.strip() for entry in entries))

    def __str__(self) -> str:
        return f"{self.name}[{','.join(self.selected)}]" if self.selected else self.name


@contextmanager
def selected_node(node_map: Any, key: FeatureKey, doing: str) -> Generator[Any]:
    """The key's node, with its selectors as the key says; afterwards they stand as before.

    doing: begins the message of an error.
    Raises CameraConfigError for a name that the camera has not, or one that holds no value, and
    for entries that do not fit its selectors; a vendor's error when a selector refuses its entry.
    """
    node = _find(node_map, key.name, doing)
    selectors = node.node.selecting_features
    if key.selected and len(key.selected) != len(selectors):
        names = ", ".join(selector.node.name for selector in selectors) or "none"
        raise CameraConfigError(
            f"{doing}: {key} names {len(key.selected)} entries; the feature's selectors: {names}"
        )
    with ExitStack() as afterwards:
        for selector, entry in zip(selectors, key.selected, strict=False):
            before = selector.to_string()
            if entry != before:
                selector.from_string(entry)
                afterwards.callback(selector.from_string, before)
        yield node


def as_it_stands(node_map: Any, key: FeatureKey) -> FeatureKey:
    """The key with its selectors' entries of this moment, where it names none."""
    if key.selected or not node_map.has_node(key.name):
        return key
    selectors = getattr(node_map, key.name).node.selecting_features
    return FeatureKey(key.name, tuple(selector.to_string() for selector in selectors))


def keys_of(node_map: Any) -> Iterator[tuple[str, FeatureKey]]:
    """Category and key of each setting and reading, in the camera's own order, each once."""
    seen: set[str] = set()
    for category, node in _leaves(node_map.Root, "Root"):
        name = node.node.name
        if name not in seen and holds_value(node) and is_offered(node):
            seen.add(name)
            yield from ((category, FeatureKey(name, entries)) for entries in _selections(node))


def holds_value(node: Any) -> bool:
    """Whether it is a number, a text, a switch or a choice; not a command or a raw register."""
    return hasattr(type(node), "value")


def read_from_camera(node: Any) -> Any:
    """The value in the camera itself, not GenApi's copy of what was last written."""
    return node.get_value(ignore_cache=True)


def is_offered(node: Any) -> bool:
    """Whether the camera has it now, to be read or written."""
    return node.node.get_access_mode() in _OFFERED


def is_readable(node: Any) -> bool:
    return node.node.get_access_mode() in _READABLE


def is_settable(node: Any) -> bool:
    """Whether it can be written now, and read back."""
    return node.node.get_access_mode() == genapi.EAccessMode.RW


def _find(node_map: Any, name: str, doing: str) -> Any:
    if not node_map.has_node(name):
        raise CameraConfigError(f"{doing}: the camera has no feature of this name")
    node = getattr(node_map, name)
    if not holds_value(node):
        raise CameraConfigError(f"{doing}: it is a {type(node).__name__}, it holds no value")
    return node


def _leaves(category: Any, name: str) -> Iterator[tuple[str, Any]]:
    for node in category.features:
        if isinstance(node, genapi.ICategory):
            yield from _leaves(node, node.node.name)
        else:
            yield name, node


def _selections(node: Any) -> list[tuple[str, ...]]:
    """Where the selectors may stand for this feature; one empty place where there are none."""
    entries = [_entries(selector) for selector in node.node.selecting_features]
    places = list(itertools.islice(itertools.product(*entries), MOST_SELECTED + 1))
    return places if len(places) <= MOST_SELECTED else []


def _entries(selector: Any) -> list[str]:
    if isinstance(selector, genapi.IEnumeration):
        return [entry.symbolic for entry in selector.entries if is_offered(entry)]
    if isinstance(selector, genapi.IInteger):
        rungs = range(selector.min, selector.max + 1, selector.inc)
        return [str(rung) for rung in rungs[: MOST_SELECTED + 1]]
    return [selector.to_string()]
