"""The class of Linux's scheduler that a shadow runs in."""

import os


def run_in_spare_time() -> None:
    """Let this process have only the time that no other wants.

    Linux's idle class: whatever the line needs comes before, at once, on every core. Only the
    whole process is lowered, never a thread that shares Python's lock with one that is not. To be
    called before anything else is loaded: the two seconds that takes are not the line's either.
    """
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
