"""Whether this computer is fit for a station: clock, memory, disk, rights, buffers of the links."""

import ctypes
import errno
import os
import shutil
import struct
import tempfile
import time
from pathlib import Path

from inspection.commissioning.diagnosis import Diagnosis, fail, ok, warn

GIB = 1 << 30
LEAST_FREE_BYTES = GIB
LEAST_DAYS = 7.0
RMEM_MAX = Path("/proc/sys/net/core/rmem_max")
USBFS_MEMORY = Path("/sys/module/usbcore/parameters/usbfs_memory_mb")
MEMINFO = Path("/proc/meminfo")
INTERFACES = Path("/sys/class/net")
SPARE_MEMORY_BYTES = GIB // 2

_TIMEX_BYTES = 512  # larger than any Linux's struct timex
_TIMEX = struct.Struct("@I4xllll i")
"""The head of struct timex: modes, offset, freq, maxerror, esterror, status; adjtimex(2)."""
_STA_UNSYNC = 0x0040


def check_clock(newest_record_utc_ns: int | None = None) -> Diagnosis:
    """Whether UTC is kept by a time service, and not behind what is on record already."""
    now_ns = time.time_ns()
    if newest_record_utc_ns is not None and newest_record_utc_ns > now_ns:
        behind_s = (newest_record_utc_ns - now_ns) / 1e9
        return fail(
            "clock",
            f"{behind_s:.0f} s behind the newest record",
            "set this computer's clock: records would be out of order",
        )
    try:
        unsynchronised, error_us = kernel_clock()
    except OSError as error:
        return warn("clock", f"the kernel does not say: {error}", "see `timedatectl`")
    if unsynchronised:
        return warn(
            "clock",
            "no time service keeps it; records of several stations will not agree",
            "timedatectl set-ntp true, or install chrony",
        )
    return ok("clock", f"kept by a time service to {error_us / 1e3:.1f} ms")


def kernel_clock() -> tuple[bool, int]:
    """Whether the kernel's clock is unsynchronised, and its largest error in us; adjtimex(2).

    Raises OSError when the kernel does not tell.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    timex = ctypes.create_string_buffer(_TIMEX_BYTES)
    if libc.adjtimex(timex) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    _, _, _, max_error_us, _, status = _TIMEX.unpack_from(timex)
    return bool(status & _STA_UNSYNC), max_error_us


def check_memory(needed_bytes: int, meminfo: Path = MEMINFO) -> Diagnosis:
    """Whether the cameras' rings and a model fit into what is free.

    Passline's rings are files without a name: /dev/shm does not bound them, free memory does.
    """
    free_bytes = available_bytes(meminfo)
    found = f"{free_bytes / GIB:.1f} GiB free, the cameras' pictures take {needed_bytes / GIB:.2f}"
    if free_bytes < needed_bytes + SPARE_MEMORY_BYTES:
        return fail("memory", found, "end other programs, or fit more memory")
    return ok("memory", found)


def available_bytes(meminfo: Path = MEMINFO) -> int:
    """What programs can still have without swapping; proc(5), MemAvailable."""
    fields = dict(line.split(":", 1) for line in meminfo.read_text().splitlines() if ":" in line)
    return int(fields["MemAvailable"].split()[0]) * 1024


def check_disk(folder: Path, bytes_per_day: float | None) -> Diagnosis:
    """How many days of records and pictures still fit; without a known rate, how much is free."""
    free_bytes = shutil.disk_usage(_existing(folder)).free
    found = f"{free_bytes / GIB:.1f} GiB free"
    to_do = "free some, keep fewer passes (keep.passes_one_in), or fit a larger disk"
    if bytes_per_day:
        days = free_bytes / bytes_per_day
        found += f", {bytes_per_day / GIB:.2f} GiB a day as the last run went: {days:.3g} days left"
        if days < LEAST_DAYS and free_bytes >= LEAST_FREE_BYTES:
            return warn("disk", found, to_do)
    if free_bytes < LEAST_FREE_BYTES:
        return fail("disk", f"{found}: the line stops when it cannot record", to_do)
    return ok("disk", found)


def check_rights(folder: Path) -> Diagnosis:
    """Whether the data folder can be written to, tried with a file."""
    where = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=where) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as error:
        full = error.errno == errno.ENOSPC
        to_do = "free some space" if full else f"give this user the right to write to {where}"
        return fail("data folder", f"{where}: {error.strerror}", to_do)
    return ok("data folder", f"{folder} can be written to")


def check_receive_buffer(payload_bytes: int, rmem_max: Path = RMEM_MAX) -> Diagnosis:
    """Whether a GigE socket may hold two pictures: one that is read, one that comes meanwhile."""
    try:
        largest_bytes = int(rmem_max.read_text())
    except OSError as error:
        return warn("receive buffer", f"{rmem_max}: {error.strerror}", "look at net.core.rmem_max")
    wanted_bytes = max(2 * payload_bytes, 8 << 20)
    found = f"net.core.rmem_max is {largest_bytes} bytes"
    if largest_bytes < wanted_bytes:
        return warn("receive buffer", found, f"sysctl -w net.core.rmem_max={wanted_bytes}")
    return ok("receive buffer", found)


def check_usb_memory(needed_bytes: int, usbfs_memory: Path = USBFS_MEMORY) -> Diagnosis:
    """Whether USB3 transfers may hold all buffers; the kernel's default is 16 MB."""
    try:
        allowed_mb = int(usbfs_memory.read_text())
    except OSError as error:
        return warn("USB memory", f"{usbfs_memory}: {error.strerror}", "load the module usbcore")
    needed_mb = -(-needed_bytes // (1 << 20))
    found = f"usbfs_memory_mb is {allowed_mb}, the buffers take {needed_mb}"
    if allowed_mb and allowed_mb < needed_mb:  # 0 is no limit
        return warn("USB memory", found, f"echo {max(1000, needed_mb)} > {usbfs_memory}")
    return ok("USB memory", found)


def largest_mtu(interfaces: Path = INTERFACES) -> int | None:
    """The largest packet that a network port of this computer takes, in bytes; None without any."""
    mtus = [
        int((port / "mtu").read_text())
        for port in sorted(interfaces.iterdir())
        if port.name != "lo" and (port / "mtu").is_file()
    ]
    return max(mtus, default=None)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above that is there."""
    return next(path for path in (folder, *folder.absolute().parents) if path.exists())
