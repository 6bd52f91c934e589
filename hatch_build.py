"""Compiles the camera simulator's GenTL producer when the package is built or installed editable.

Where it cannot be compiled the package is built without it and says so; see
docs/decisions/0006-simulator-in-c.md.
"""

import platform
import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ProducerHook(BuildHookInterface[Any]):
    """Builds camera/simulator/_build/passline.cti and puts it into the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        builder = _load_builder(Path(self.root))
        try:
            producer: Path = builder.build()
        except builder.ProducerBuildError as error:
            self.app.display_warning(f"Built without the camera simulator: {error}")
            return
        build_data["artifacts"].append(f"/{producer.relative_to(self.root)}")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform_tag(builder)}"


def _platform_tag(builder: SimpleNamespace) -> str:
    if "ziglang" in builder.compiler():
        return f"manylinux_{builder.GLIBC.replace('.', '_')}_{platform.machine()}"
    return f"linux_{platform.machine()}"


def _load_builder(root: Path) -> SimpleNamespace:
    """camera/simulator/build.py by its path: the package itself is not installed yet."""
    return SimpleNamespace(**runpy.run_path(str(root / "camera/simulator/build.py")))
