"""The shadow's own process: it stands back from the first, and does not hang for ever."""

import os
import subprocess
import sys
import time
from pathlib import Path

PATIENCE_S = 30.0


def test_a_shadow_has_only_the_time_that_nobody_wants_from_its_first_import_on(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "inspection", "shadow", str(tmp_path)]
    until_s = time.monotonic() + PATIENCE_S
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as shadow:
        while os.sched_getscheduler(shadow.pid) != os.SCHED_IDLE and time.monotonic() < until_s:
            time.sleep(0.005)
        stood_back = os.sched_getscheduler(shadow.pid) == os.SCHED_IDLE
        shadow.kill()
        _, loaded = shadow.communicate()
    assert stood_back
    assert "inspection.shadow.spare_time" in loaded
    assert "onnxruntime" not in loaded


def test_a_shadow_whose_verdict_hangs_ends_itself_and_says_where(tmp_path: Path) -> None:
    """In the process's own watchdog, which needs no thread of Python's that still runs."""
    script = """
import sys, time
from pathlib import Path
from types import SimpleNamespace
from inspection.shadow.process import ShadowProcess

shadow = ShadowProcess(Path(sys.argv[1]), hangs_after_s=0.2)
shadow._stamp, shadow._run_id = shadow._registry.stamp(), 1
shadow._challenger = SimpleNamespace(judge=lambda part: time.sleep(60))
shadow._judge(SimpleNamespace(run_id=1))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert ended.returncode == 1
    assert "Timeout (0:00:00.200000)" in ended.stderr
