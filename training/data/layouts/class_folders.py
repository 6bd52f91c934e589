"""Folders by class: what a folder's name says of the parts in it."""

import re
from pathlib import Path

from training.data.layouts.reading import is_side

_GOOD = frozenset(
    {"good", "ok", "okay", "free", "normal", "pass", "passed", "healthy", "intact", "perfect"}
)
_NOT = frozenset({"no", "not", "non", "without"})
_DEFECT = ("defect", "anomal", "fault", "flaw")
# Folders inside a class folder, or around it, that say nothing of the class.
_PLAIN = frozenset({"imgs", "img", "images", "image", "pictures"})


def is_good_folder(name: str) -> bool:
    """True for names of good parts: good, OK, MT_Free, ok_front, defect_free, no_defects."""
    words = re.findall("[a-z]+", name.lower())
    says_good = any(word in _GOOD for word in words)
    says_defect = any(word.startswith(_DEFECT) for word in words)
    denied = any(word in _NOT for word in words)
    return says_good != denied and (says_good or says_defect)


def class_of(picture: Path, folder: Path) -> str | None:
    """The class folder of a picture: the first below `folder` that is none of a split's sides.

    None for a picture that lies in no such folder.
    """
    inside = picture.relative_to(folder).parts[:-1]
    for name in inside:
        if not is_side(name) and name.lower() not in _PLAIN:
            return name
    return None
