"""What is wrong with the files of a data set: collected, so that one run names all of it."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager

from training.errors import TrainingError

_NAMED = 50
SKIP_OPTION = "--skip-bad"


class Faults:
    """Collects faults file by file; `settle` says them all together."""

    def __init__(self) -> None:
        self._messages: list[str] = []

    @contextmanager
    def collected(self) -> Generator[None]:
        """Keep the TrainingError of this block instead of raising it."""
        try:
            yield
        except TrainingError as error:
            self._messages.append(str(error))

    def add(self, message: str) -> None:
        """Keep what is wrong with one file; the message names it."""
        self._messages.append(message)

    def settle(self, source: str, skip: bool) -> tuple[str, ...]:
        """What was left out, when that was asked for.

        Raises TrainingError with every message unless `skip`.
        """
        if self._messages and not skip:
            raise TrainingError(_together(source, self._messages))
        return tuple(self._messages)


def _together(source: str, messages: Sequence[str]) -> str:
    if len(messages) == 1:
        return f"{messages[0]} ({SKIP_OPTION} leaves it out)"
    named = "".join(f"\n  {message}" for message in messages[:_NAMED])
    more = f"\n  and {len(messages) - _NAMED} more" if len(messages) > _NAMED else ""
    return (
        f"{source}: {len(messages)} faults; mend or remove the files, or leave them out with "
        f"{SKIP_OPTION}:{named}{more}"
    )
