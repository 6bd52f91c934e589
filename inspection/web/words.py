"""What only the screens say, beside the words of the records."""

from inspection.records.words import (
    class_in_words,
    event_in_words,
    fusion_in_words,
    reason_in_words,
)

__all__ = [
    "OVERRULE_REASONS",
    "class_in_words",
    "event_in_words",
    "fusion_in_words",
    "reason_in_words",
]

OVERRULE_REASONS = ("good part", "dirt on part", "reflection", "other")
