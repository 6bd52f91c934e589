"""Whether model, gate and records are ready for the line."""

import socket
import sqlite3
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inspection.commissioning.diagnosis import Diagnosis, fail, ok, warn
from inspection.errors import RecipeError, RecordsError
from inspection.recipe import ModbusGate, Recipe, check_fits, load_templates
from inspection.records.query import RecordReader
from inspection.records.store import RECORDS_FILE
from models.bundle import Bundle, open_bundle
from models.errors import BundleError, InferenceError, RegistryError
from models.library import library_bundle
from models.registry import station_registry
from models.session import ModelSession

CONNECT_WITHIN_S = 2.0
TIMED_RUNS = 5
SAMPLED_PICTURES = 200
FEWEST_PARTS = 100
"""A run of fewer parts says nothing of a day."""


def check_champion(recipe: Recipe, data: Path) -> tuple[Diagnosis, Bundle | None]:
    """Whether a model may judge, and which."""
    name = recipe.model.name
    try:
        champion = station_registry(data).champion(name)
        if champion is not None:
            check_fits(recipe, champion)
    except (BundleError, RegistryError, RecipeError) as fault:
        to_do = "passline rollback, restore the registry, or correct the recipe"
        return fail("champion", str(fault), to_do), None
    if champion is None:
        to_do = "passline commission RECIPE DATA"
        return fail("champion", f"no champion {name!r} in {data}", to_do), None
    return ok("champion", f"{champion.label}"), champion


def check_shipped_model(recipe: Recipe) -> tuple[Diagnosis, Bundle | None]:
    """Without a data folder: whether a model of the recipe's name ships with Passline."""
    try:
        bundle = open_bundle(library_bundle(recipe.model.name))
    except BundleError as fault:
        to_do = "passline commission RECIPE DATA --bundle FOLDER, with a model of your own"
        return warn("model", str(fault), to_do), None
    return ok("model", f"{bundle.label} ships with Passline"), bundle


def check_model(recipe: Recipe, bundle: Bundle) -> Diagnosis:
    """Whether the model loads and runs on the provider that the recipe asks for, and how fast.

    The provider is really used: `ModelSession` refuses one that falls back to another.
    """
    began_s = time.perf_counter()
    try:
        session = ModelSession(bundle, recipe.model.provider, recipe.model.threads)
        loaded_s = time.perf_counter() - began_s
        run_ms = _run_ms(session)
    except (BundleError, InferenceError) as fault:
        to_do = "correct model.provider in the recipe, or install onnxruntime for it"
        return fail("model", str(fault), to_do)
    found = (
        f"{bundle.label} loads and warms in {loaded_s:.1f} s and runs in {run_ms:.1f} ms "
        f"on {recipe.model.provider}"
    )
    if run_ms > recipe.verdict_deadline_ms:
        to_do = "more threads (model.threads), a GPU provider, or a smaller model"
        said = f"{found}: longer than verdict_deadline_ms = {recipe.verdict_deadline_ms:g}"
        return fail("model", said, to_do)
    return ok("model", found)


def check_templates(recipe: Recipe, bundle: Bundle) -> Iterator[Diagnosis]:
    """Whether recipe and model agree on templates, and each can be used; nothing without any."""
    if not bundle.card.input.template and not any(camera.templates for camera in recipe.cameras):
        return
    try:
        check_fits(recipe, bundle)
        templates = load_templates(recipe)
    except (RecipeError, BundleError) as fault:
        yield fail("template", str(fault), "correct the camera's template in the recipe")
        return
    for view, template in templates.items():
        height, width = template.pixels.shape[:2]
        yield ok("template", f"{view}: {template.path}, {width}x{height}, can be used")


def check_gate(recipe: Recipe) -> Diagnosis:
    """Whether the gate's controller takes a connection."""
    gate = recipe.gate
    if not isinstance(gate, ModbusGate):
        return ok("gate", "simulated: nothing is rejected")
    where = f"{gate.host}:{gate.port}"
    try:
        socket.create_connection((gate.host, gate.port), CONNECT_WITHIN_S).close()
    except OSError as error:
        to_do = "switch the controller on; check cable, address and its Modbus TCP server"
        return fail("gate", f"{where}: {error.strerror or error}", to_do)
    return ok("gate", f"{where} takes connections")


def check_records(data: Path) -> Diagnosis:
    """Whether the records database is whole; reads all of it."""
    path = data / RECORDS_FILE
    if not path.exists():
        return ok("records", "none yet: the line makes them at its first start")
    to_do = "stop the line, keep the file, restore the last copy"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(3)")]
        finally:
            connection.close()
    except sqlite3.Error as error:
        return fail("records", f"{path}: {error}", to_do)
    if said != ["ok"]:
        return fail("records", f"{path} is damaged: {'; '.join(said)}", to_do)
    return ok("records", f"{path}: whole")


def newest_record_utc_ns(data: Path) -> int | None:
    """When the newest part on record was seen; None where there is none that can be read."""
    reader = RecordReader(data)
    try:
        part = reader.last_part()
    except RecordsError:
        return None
    finally:
        reader.close()
    return None if part is None else part.record.captured_utc_ns


def bytes_per_day(recipe: Recipe, data: Path) -> float | None:
    """What records and kept pictures take in a day that goes on as the last run.

    None without a run of some parts. The pictures' size is that of some of those kept: every
    reject, and one pass in `keep.passes_one_in`.
    """
    reader = RecordReader(data)
    try:
        run, part = reader.latest_run(), reader.last_part()
        if run is None or part is None or part.record.run_id != run.run_id:
            return None
        counts, all_parts = reader.counts(run.run_id), reader.counts().parts
    except RecordsError:
        return None
    finally:
        reader.close()
    ran_s = (part.record.captured_utc_ns - run.start.started_utc_ns) / 1e9
    if ran_s <= 0 or counts.parts < FEWEST_PARTS:
        return None
    one_in = recipe.keep.passes_one_in
    kept = counts.rejected + (counts.passed / one_in if one_in else 0)
    record_bytes = (data / RECORDS_FILE).stat().st_size / all_parts
    return (kept * _picture_bytes(data) + counts.parts * record_bytes) / ran_s * 86400


def _picture_bytes(data: Path) -> float:
    """Mean size of a kept picture's file."""
    sizes: list[int] = []
    for path in (data / "images").rglob("*.png"):
        sizes.append(path.stat().st_size)
        if len(sizes) == SAMPLED_PICTURES:
            break
    return statistics.fmean(sizes) if sizes else 0.0


def _run_ms(session: ModelSession) -> float:
    """The median of some runs, after the warm-up that the session has done."""
    spec = session.bundle.card.input
    blank = np.zeros((1, spec.planes, *spec.size_hw), np.float32)
    took_s: list[float] = []
    for _ in range(TIMED_RUNS):
        began_s = time.perf_counter()
        session.run(blank)
        took_s.append(time.perf_counter() - began_s)
    return statistics.median(took_s) * 1e3
