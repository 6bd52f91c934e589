"""A year of one line on the chart page: 30 million parts, an hourly chart, opened in a browser.

    python benchmarks/chart_page.py            times the answer, and the page where Chromium is

Prints what opening the page costs: the station's answer, and the time until the chart is drawn.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from inspection.records import watch_schema as schema
from inspection.records.charts import ChartKind, Measure
from inspection.records.store import WATCH_FILE, open_writer

HOUR_NS = 3_600_000_000_000
BEGUN_UTC_NS = 1_735_689_600_000_000_000
CHROMIUM = Path("/usr/bin/chromium")


def synthetic_year(folder: Path, *, hours: int = 8760, parts_per_hour: int = 3425) -> int:
    """Write a year of a Laney p' chart as the watch keeps it; gives the number of parts."""
    rng = np.random.default_rng(7)
    rate = 0.004 * np.exp(0.08 * rng.standard_normal(hours))
    rate[6000:6012] = 0.009
    rejected = rng.binomial(parts_per_hour, rate)
    center, baseline = float(rejected[:24].sum() / (24 * parts_per_hour)), 24
    sigma = float((center * (1 - center) / parts_per_hour) ** 0.5)
    upper, lower = center + 4.2 * sigma, max(0.0, center - 4.2 * sigma)
    values = rejected / parts_per_hour
    points = [
        {
            "chart_id": 1, "number": at, "stage": 1, "label": "",
            "first_part": at * parts_per_hour, "last_part": (at + 1) * parts_per_hour - 1,
            "from_utc_ns": BEGUN_UTC_NS + at * HOUR_NS,
            "to_utc_ns": BEGUN_UTC_NS + (at + 1) * HOUR_NS - 1,
            "size": parts_per_hour, "total": float(rejected[at]), "value": float(values[at]),
            "center": center, "lower": lower, "upper": upper,
            "rules": "nelson1" if at >= baseline and not lower <= values[at] <= upper else "",
        }
        for at in range(hours)
    ]  # fmt: skip
    limits = {
        "center": center, "sigma": 1.4, "subgroups": baseline, "provisional": False,
        "parts_per_day": 24.0 * parts_per_hour, "false_alarm_parts": 4.0e6,
        "seen_after_parts": 9000.0, "design": {},
    }  # fmt: skip
    engine = open_writer(folder, WATCH_FILE, 5.0)
    with engine.begin() as connection:
        connection.execute(
            insert(schema.charts),
            {
                "chart_id": 1, "name": "rejects-by-hour", "kind": ChartKind.LANEY_P.value,
                "measure": Measure.REJECTS.value, "class_name": "", "camera_id": "",
                "settings": json.dumps({"subgroup": "hour", "plan": []}), "alarm": True,
                "state": "{}",
            },
        )  # fmt: skip
        connection.execute(
            insert(schema.stages),
            {
                "chart_id": 1, "number": 1, "first_part": 0, "begun_utc_ns": BEGUN_UTC_NS,
                "because": "first part", "frozen_part": baseline * parts_per_hour - 1,
                "frozen_utc_ns": BEGUN_UTC_NS + baseline * HOUR_NS, "limits": json.dumps(limits),
            },
        )  # fmt: skip
        connection.execute(insert(schema.points), points)
    engine.dispose()
    return hours * parts_per_hour


def answer_s(folder: Path, rounds: int = 5) -> float:
    """Seconds of the station's answer to a page that asks for the whole year: the median."""
    from inspection.records.chart_history import ChartHistory
    from inspection.records.watch_reader import WatchReader
    from inspection.web.charts import chart_points

    history, watch = ChartHistory(folder), WatchReader(folder)
    [chart] = watch.charts()
    times: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        found = history.points(chart.chart_id)
        assert found is not None
        json.dumps(chart_points(chart, found, watch.stages(1), watch.annotations()))
        times.append(time.perf_counter() - began)
    history.close()
    watch.close()
    return statistics.median(times)


def page_s(folder: Path, rounds: int = 5) -> float:
    """Seconds from the click to the drawn year in a real browser: the median."""
    import threading

    import uvicorn
    from playwright.sync_api import sync_playwright

    from inspection.web.app import create_app
    from inspection.web.serve import listening

    app = create_app(folder)
    times: list[float] = []
    with listening("127.0.0.1", 0) as socket, sync_playwright() as playwright:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, args=([socket],))
        thread.start()
        url = f"http://127.0.0.1:{socket.getsockname()[1]}/charts"
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        for _ in range(rounds):
            began = time.perf_counter()
            page.goto(url, wait_until="commit")
            page.wait_for_selector("#plot[data-points]")
            times.append(time.perf_counter() - began)
        browser.close()
        app.state.station.close_feeds()
        server.should_exit = True
        thread.join()
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts = synthetic_year(folder)
        print(f"a year of one line: {parts:,} parts in 8,760 hourly points")
        print(f"  the station's answer        {answer_s(folder) * 1000:7.0f} ms")
        if CHROMIUM.exists():
            print(f"  until the chart is drawn    {page_s(folder) * 1000:7.0f} ms")
        else:
            print("  until the chart is drawn    no chromium here: apt-get install chromium")


if __name__ == "__main__":
    main()
