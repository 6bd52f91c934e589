"""Compiles the producer: with the C compiler that the ziglang package carries, or the system's.

Knows nothing of the rest of the package: the package's own build runs it, see hatch_build.py.
"""

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

SOURCES = Path(__file__).parent / "src"
PRODUCER = Path(__file__).parent / "_build" / "passline.cti"
COMPILER_VARIABLE = "PASSLINE_SIMULATOR_CC"
"""Environment: a C compiler's command line; `none` leaves the simulator out."""
BUILD_COMMAND = "python -m camera.simulator"
GLIBC = "2.17"
"""Oldest C library that the producer runs on where ziglang compiles it: manylinux2014's."""
FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-fPIC")


class ProducerBuildError(Exception):
    """The producer cannot be compiled here; the message says why and what to do."""


def compiler() -> list[str]:
    """The compiler's command line. Raises ProducerBuildError where there is none."""
    chosen = os.environ.get(COMPILER_VARIABLE, "")
    if chosen == "none":
        raise ProducerBuildError(f"{COMPILER_VARIABLE} is none")
    if not sys.platform.startswith("linux"):
        raise ProducerBuildError(f"the simulator is written for Linux, this is {sys.platform}")
    if chosen:
        return shlex.split(chosen)
    if find_spec("ziglang"):
        target = f"{platform.machine()}-linux-gnu.{GLIBC}"
        return [sys.executable, "-m", "ziglang", "cc", "-target", target]
    system = shutil.which("cc")
    if system is None:
        raise ProducerBuildError("there is no C compiler: `pip install ziglang` brings one")
    return [system]


def build(
    producer: Path = PRODUCER,
    flags: Sequence[str] = ("-shared", "-fvisibility=hidden", "-s"),
    extra_sources: Sequence[Path] = (),
) -> Path:
    """Compile all sources into `producer`, which is replaced only when that succeeds.

    Raises ProducerBuildError with the compiler's own words.
    """
    sources = [*sorted(SOURCES.glob("*.c")), *extra_sources]
    producer.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=producer.parent, prefix=".building-") as folder:
        made = Path(folder) / producer.name
        command = [*compiler(), *FLAGS, *flags, *map(str, sources), "-o", str(made)]
        environment = os.environ | {"ZIG_LOCAL_CACHE_DIR": folder}
        try:
            done = subprocess.run(
                [*command, "-lpthread", "-lm", "-ldl"],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        except OSError as error:
            raise ProducerBuildError(f"{command[0]} cannot be run: {error}") from error
        if done.returncode != 0:
            raise ProducerBuildError(f"{shlex.join(command)} failed:\n{done.stderr}")
        made.replace(producer)
    return producer


def main() -> int:
    """Build the producer and say where it is."""
    try:
        print(build())  # noqa: T201  (a build tool of its own, without the station's console)
    except ProducerBuildError as error:
        print(f"the camera simulator was not built: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0
