"""A PLC with 32 coils from address 96 on, all set at first, as a Modbus TCP server of its own.

Prints its port. Unit 1 does as it is told; unit 2 acknowledges what is written and stays set.
"""

import asyncio
import sys
from typing import Any

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

FIRST_COIL = 96
COILS = 32


async def main() -> None:
    devices = [_device(1), _device(2, _stay_set)]
    server = ModbusTcpServer(devices, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    transport: Any = server.transport
    sys.stdout.write(f"{transport.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def _stay_set(
    function_code: int,
    start_address: int,
    address: int,
    count: int,
    current_registers: list[int],
    set_values: list[int] | list[bool] | None,
) -> ExcCodes | None:
    if set_values is not None:
        set_values[:] = [True] * len(set_values)
    return None


def _device(unit: int, action: Any = None) -> SimDevice:
    coils = [SimData(FIRST_COIL, values=[True] * COILS, datatype=DataType.BITS)]
    return SimDevice(unit, simdata=(coils, coils, coils, coils), action=action)


if __name__ == "__main__":
    asyncio.run(main())
