"""Where the watch stands: all that it needs to go on from its last step."""

from dataclasses import dataclass, field

from pydantic import TypeAdapter

from inspection.watch.memory import Memory


@dataclass(slots=True)
class Standing:
    """Cursors and memories; written as JSON with every step.

    last_part, last_event, last_exclusion: read so far. last_guarded: the last signal that the
    guard looked at. last_entries: the newest review and return that escapes were read from.
    reviewed_part: the last part of the charts of what people say of rejects, which
    follow behind with a memory of their own.
    """

    last_part: int = -1
    last_event: int = 0
    last_exclusion: int = 0
    last_guarded: int = 0
    last_entries: tuple[int, int] = (0, 0)
    reviewed_part: int = -1
    memory: Memory = field(default_factory=Memory)
    reviewed: Memory = field(default_factory=Memory)


STANDING: TypeAdapter[Standing] = TypeAdapter(Standing)
