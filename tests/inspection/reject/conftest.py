"""A real PLC process, and a look at its coils that the gate has no part in."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from pymodbus.client import ModbusTcpClient

FIRST_COIL = 96


class Plc:
    """A PLC that can be killed and made to hang."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("plc_process.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program)], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())
        self._client = ModbusTcpClient("127.0.0.1", port=self.port, timeout=5, retries=0)

    def coils(self, count: int, first: int = FIRST_COIL) -> list[bool]:
        answer = self._client.read_coils(first, count=count, device_id=1)
        assert not answer.isError(), str(answer)
        return list(answer.bits[:count])

    def hang(self) -> None:
        """From now on connections are taken and nothing is answered."""
        os.kill(self._process.pid, signal.SIGSTOP)

    def wake(self) -> None:
        os.kill(self._process.pid, signal.SIGCONT)

    def kill(self) -> None:
        self._client.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@pytest.fixture
def plc() -> Generator[Plc]:
    plc = Plc()
    yield plc
    plc.kill()
