"""What a camera can be set to: every feature with its value, unit, range, entries and access."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from genicam import genapi

from camera.features import FeatureValue
from camera.frame import CameraConfigError, CameraLost
from camera.node_map import (
    FeatureKey,
    is_readable,
    is_settable,
    keys_of,
    read_from_camera,
    selected_node,
)
from camera.vendor import VENDOR_ERRORS, vendor_errors

_YES = frozenset({"true", "on", "yes", "1"})
_NO = frozenset({"false", "off", "no", "0"})
_NO_LIMIT = 2.0**53
"""A number that may be larger than this is not limited: its range says nothing."""


@dataclass(frozen=True, slots=True)
class FeatureInfo:
    """One feature as it stands.

    category: as the camera sorts it; SFNC's, as a rule.
    value: None where it cannot be read now.
    entries: what a choice offers now.
    settable: whether it can be written now.
    """

    category: str
    name: str
    value: FeatureValue | None
    unit: str
    minimum: float | None
    maximum: float | None
    increment: float | None
    entries: tuple[str, ...]
    settable: bool

    @property
    def range_text(self) -> str:
        """What may be written: `1 to 10000000`, `4 to 400 by 4`, or the entries."""
        if self.entries:
            return ", ".join(self.entries)
        if self.minimum is None or self.maximum is None or self.maximum > _NO_LIMIT:
            return ""
        by = f" by {self.increment:g}" if self.increment and self.increment != 1 else ""
        return f"{self.minimum:.10g} to {self.maximum:.10g}{by}"

    @property
    def value_text(self) -> str:
        """The value with its unit."""
        if self.value is None:
            return "?"
        said = f"{self.value:.10g}" if isinstance(self.value, float) else str(self.value)
        return f"{said} {self.unit}".strip()


def list_features(node_map: Any) -> list[FeatureInfo]:
    """Every feature that holds a value, by category. Raises CameraLost when it does not answer."""
    found: list[FeatureInfo] = []
    with vendor_errors(CameraLost, "the camera's features cannot be listed"):
        for category, key in keys_of(node_map):
            with suppress(*VENDOR_ERRORS), selected_node(node_map, key, str(key)) as node:
                found.append(_describe(category, key, node))
    return found


def describe_feature(node_map: Any, name: str) -> FeatureInfo:
    """One feature. Raises CameraConfigError for a name that the camera has not."""
    key = FeatureKey.parse(name)
    doing = f"feature {name}"
    with vendor_errors(CameraConfigError, doing), selected_node(node_map, key, doing) as node:
        return _describe("", key, node)


def value_from_text(node_map: Any, name: str, text: str) -> FeatureValue:
    """What a person typed, as the kind of value that the feature holds.

    Raises CameraConfigError when it is none, or the camera has no such feature.
    """
    key = FeatureKey.parse(name)
    doing = f"feature {name} wanted {text!r}"
    with vendor_errors(CameraConfigError, doing), selected_node(node_map, key, doing) as node:
        try:
            if isinstance(node, genapi.IBoolean):
                return _switch(text)
            if isinstance(node, genapi.IInteger):
                return int(text, 0)
            return float(text) if isinstance(node, genapi.IFloat) else text
        except ValueError as error:
            kind = type(node).__name__.removeprefix("I").lower()
            raise CameraConfigError(f"{doing}: expected a value of kind {kind}") from error


def _describe(category: str, key: FeatureKey, node: Any) -> FeatureInfo:
    is_number = isinstance(node, genapi.IInteger | genapi.IFloat)
    is_choice = isinstance(node, genapi.IEnumeration)
    has_steps = isinstance(node, genapi.IInteger) or (
        isinstance(node, genapi.IFloat) and node.has_inc()
    )
    return FeatureInfo(
        category=category,
        name=str(key),
        value=read_from_camera(node) if is_readable(node) else None,
        unit=node.unit if is_number else "",
        minimum=node.min if is_number else None,
        maximum=node.max if is_number else None,
        increment=node.inc if has_steps else None,
        entries=tuple(entry.symbolic for entry in node.entries if is_readable(entry))
        if is_choice
        else (),
        settable=is_settable(node),
    )


def _switch(text: str) -> bool:
    said = text.strip().lower()
    if said not in _YES | _NO:
        raise ValueError(text)
    return said in _YES
