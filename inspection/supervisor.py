"""Keeps a station's processes alive: line, web and watch, each of which may die alone."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

KNOWN_FAULT = 2
RESTART_AFTER_S = (0.5, 1.0, 2.0, 5.0)
STOP_WITHIN_S = 10.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Child:
    """One process of the station and how often it had to be restarted."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes]
    restarts: int = 0
    restart_at_s: float | None = None


@dataclass(slots=True)
class Supervisor:
    """Starts `passline` processes and restarts those that crash or are killed, and says so.

    A process that ended by itself stays ended: with 0 it was done, with 2 it met a fault that a
    person must look at (its message is on stderr), and starting it again would hide that.
    """

    say: Say
    children: dict[str, Child] = field(default_factory=dict[str, Child])

    def start(self, name: str, arguments: Sequence[str]) -> None:
        """Start `passline ARGUMENTS...` under this name."""
        command = [sys.executable, "-m", "inspection", *arguments]
        self.children[name] = Child(name, command, subprocess.Popen(command))

    def tend(self) -> None:
        """Restart what died; call it a few times a second."""
        for child in self.children.values():
            if child.restart_at_s is not None:
                if time.monotonic() >= child.restart_at_s:
                    child.restart_at_s = None
                    child.process = subprocess.Popen(child.command)
            elif self.ended(child.name) is None and child.process.poll() is not None:
                wait_s = RESTART_AFTER_S[min(child.restarts, len(RESTART_AFTER_S) - 1)]
                child.restarts += 1
                child.restart_at_s = time.monotonic() + wait_s
                self.say(
                    f"{child.name} died ({_how(child.process.returncode)}); "
                    f"restart {child.restarts} in {wait_s:.1f} s"
                )

    def ended(self, name: str) -> int | None:
        """The exit code of a process that ended by itself and stays ended, else None."""
        code = self.children[name].process.poll()
        return code if code in (0, KNOWN_FAULT) else None

    def stop(self, name: str) -> int:
        """Ask one process to end; kill it when it does not. Returns its exit code."""
        child = self.children.pop(name)
        if child.process.poll() is None:
            child.process.send_signal(signal.SIGTERM)
        try:
            return child.process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.say(f"{name} did not stop within {STOP_WITHIN_S:.0f} s and is killed")
            child.process.kill()
            return child.process.wait()

    def stop_all(self) -> dict[str, int]:
        """Stop every process, the line first; exit codes by name."""
        return {name: self.stop(name) for name in list(self.children)}


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
