"""Brings records of schema version 1 up to version 2; nothing that was recorded is lost.

Version 1 knew one camera and no shifts: each of its parts becomes a part of one view.
"""

from sqlalchemy import Connection

from inspection.records import schema

_JUDGED = "outcome, review, inspected, reasons, judge_ns"
_MODEL = "bundle_digest, bundle_label, provider, threads"
_PICTURE = "picture, image_sha256, pixel_format, full_scale, limits_digest, findings, score"

_MOVE_AWAY = (
    "DROP INDEX ix_parts_serial",
    "DROP INDEX rejects",
    "DROP INDEX doubtful",
    "ALTER TABLE parts RENAME TO parts_1",
    "ALTER TABLE ledger RENAME TO ledger_1",
)
_MOVE_IN = (
    "INSERT INTO parts (part_number, serial, lot, shift, shift_began_utc_ns, run_id,"
    f" captured_utc_ns, ledger, {_JUDGED}, score, {_MODEL})"
    " SELECT part_number, serial, lot, '', 0, run_id,"
    f" captured_utc_ns, ledger, {_JUDGED}, score, {_MODEL} FROM parts_1 ORDER BY part_number",
    "INSERT INTO views (part_number, view, position, camera_id, trigger_id, captured_utc_ns,"
    f" ledger, {_PICTURE})"
    " SELECT part_number, camera_id, 0, camera_id, frame_id, captured_utc_ns,"
    f" ledger, {_PICTURE} FROM parts_1 ORDER BY part_number",
    "INSERT INTO run_cameras (run_id, position, camera_id) SELECT run_id, 0, camera_id FROM runs",
    "INSERT INTO ledger (run_id, camera_id, lot, shift, shift_began_utc_ns,"
    " triggers, judged, late, incomplete, lost)"
    " SELECT run_id, camera_id, coalesce((SELECT lot FROM parts_1 WHERE parts_1.run_id ="
    " ledger_1.run_id LIMIT 1), ''), '', 0, triggers, judged, late, incomplete, lost FROM ledger_1",
    "INSERT INTO tallies (run_id, lot, shift, shift_began_utc_ns, passed, rejected, review)"
    " SELECT run_id, coalesce((SELECT lot FROM parts_1 WHERE parts_1.run_id ="
    " ledger_1.run_id LIMIT 1), ''), '', 0, passed, rejected, review FROM ledger_1",
    "DROP TABLE parts_1",
    "DROP TABLE ledger_1",
    "ALTER TABLE runs DROP COLUMN camera_id",
)


def upgrade_records(connection: Connection) -> None:
    """From version 1 to 2, in the transaction of `connection`; some seconds per million parts."""
    for statement in _MOVE_AWAY:
        connection.exec_driver_sql(statement)
    schema.records.create_all(connection)
    for statement in _MOVE_IN:
        connection.exec_driver_sql(statement)
