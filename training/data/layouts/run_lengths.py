"""COCO's compressed run lengths: counts as a string of six-bit characters."""

from training.errors import TrainingError

_FIRST = 48  # '0' is zero
_MORE = 0x20
_SIGN = 0x10


def decompress(text: str) -> tuple[int, ...]:
    """The counts in a compressed string (`rleFrString` of cocodataset/cocoapi).

    Five bits a character, lowest first, a sixth says that more follow; from the third count on
    each is the difference to the one before the last. Raises TrainingError for another string.
    """
    counts: list[int] = []
    at = 0
    while at < len(text):
        value, at = _number(text, at)
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    if any(count < 0 for count in counts):
        raise TrainingError(f"compressed run lengths with a negative run: {text[:20]!r}")
    return tuple(counts)


def _number(text: str, at: int) -> tuple[int, int]:
    """The number that begins at a place, and the place behind it."""
    value, shift = 0, 0
    while at < len(text):
        bits = ord(text[at]) - _FIRST
        if not 0 <= bits < 2 * _MORE:
            break
        value |= (bits & (_MORE - 1)) << shift
        shift, at = shift + 5, at + 1
        if not bits & _MORE:
            return (value - (1 << shift) if bits & _SIGN else value), at
    raise TrainingError(f"compressed run lengths cut off or damaged at {at}: {text[:20]!r}")
