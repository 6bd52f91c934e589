"""The two databases of a station: what the line records, and what people add to it later.

Nothing recorded is changed or deleted, but for what counts (ledger, tallies) and
a camera's settings, known only after its run began. Floats keep their last bit, in JSON as in
Float columns.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

records = MetaData()

recipes = Table(
    "recipes",
    records,
    Column("digest", String, primary_key=True),
    Column("toml", Text, nullable=False),
)

runs = Table(
    "runs",
    records,
    Column("run_id", Integer, primary_key=True),
    Column("station", String, nullable=False),
    Column("recipe_digest", ForeignKey("recipes.digest"), nullable=False),
    Column("software", String, nullable=False),
    Column("started_utc_ns", BigInteger, nullable=False),
)

# What a camera really had, as JSON (feature -> value): filled when it has started, NULL before.
run_cameras = Table(
    "run_cameras",
    records,
    Column("run_id", ForeignKey("runs.run_id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("camera_id", String, nullable=False),
    Column("device", String),
    Column("settings", Text),
)

# Limits change seldom and are the longest part of a judgement, so they are kept once each.
limits = Table(
    "limits",
    records,
    Column("digest", String, primary_key=True),
    Column("json", Text, nullable=False),
)

parts = Table(
    "parts",
    records,
    Column("part_number", Integer, primary_key=True, autoincrement=False),
    Column("serial", String, nullable=False, index=True),
    Column("lot", String, nullable=False),
    Column("shift", String, nullable=False),
    Column("shift_began_utc_ns", BigInteger, nullable=False),
    Column("run_id", ForeignKey("runs.run_id"), nullable=False),
    Column("captured_utc_ns", BigInteger, nullable=False),
    Column("ledger", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("review", Boolean, nullable=False),
    Column("inspected", Boolean, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("judge_ns", BigInteger, nullable=False),
    # All of the following are NULL where there was nothing to judge; the score is the worst view's.
    Column("score", Float),
    Column("bundle_digest", String),
    Column("bundle_label", String),
    Column("provider", String),
    Column("threads", Integer),
)
Index("rejects", parts.c.part_number, sqlite_where=parts.c.outcome == "reject")
Index("doubtful", parts.c.part_number, sqlite_where=parts.c.review.is_(True))

# Stored in the order of parts, so that a part's views lie together and a reader of many parts walks
# on. Limits belong to a view: an area in mm² is another one in pixels where the scale is another.
views = Table(
    "views",
    records,
    Column("part_number", ForeignKey("parts.part_number"), primary_key=True, autoincrement=False),
    Column("view", String, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("camera_id", String, nullable=False),
    Column("trigger_id", BigInteger, nullable=False),
    Column("frame_id", BigInteger),
    Column("captured_utc_ns", BigInteger, nullable=False),
    Column("ledger", String, nullable=False),
    # All of the following are NULL without a picture.
    Column("age_ns", BigInteger),
    Column("picture", String),
    Column("image_sha256", String),
    Column("pixel_format", String),
    Column("full_scale", Integer),
    Column("limits_digest", ForeignKey("limits.digest")),
    Column("findings", Text),
    Column("score", Float),
    Column("brightness", Float),
    Column("sharpness", Float),
    Column("noise", Float),
    Column("vignetting", Float),
    Column("saturated", Float),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    records,
    Column("id", Integer, primary_key=True),
    Column("at_utc_ns", BigInteger, nullable=False),
    Column("kind", String, nullable=False),
    Column("detail", Text, nullable=False),
)

# The gate may speak of a part before its record is written: no foreign key.
gate_log = Table(
    "gate_log",
    records,
    Column("id", Integer, primary_key=True),
    Column("part_number", Integer, nullable=False, index=True),
    Column("outcome", String, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
)

# One row per account, counted up in the transaction that inserts the parts. `triggers` is what the
# camera counted, not what was recorded: only so can a difference show. `waiting` of them have not
# had their turn on the line.
ledger = Table(
    "ledger",
    records,
    Column("run_id", ForeignKey("runs.run_id"), primary_key=True),
    Column("camera_id", String, primary_key=True),
    Column("lot", String, primary_key=True),
    Column("shift", String, primary_key=True),
    Column("shift_began_utc_ns", BigInteger, primary_key=True),
    Column("triggers", BigInteger, nullable=False, server_default="0"),
    Column("waiting", BigInteger, nullable=False, server_default="0"),
    Column("judged", BigInteger, nullable=False, server_default="0"),
    Column("late", BigInteger, nullable=False, server_default="0"),
    Column("incomplete", BigInteger, nullable=False, server_default="0"),
    Column("lost", BigInteger, nullable=False, server_default="0"),
)

# Verdicts of parts, counted the same way: a part of several views is one part.
tallies = Table(
    "tallies",
    records,
    Column("run_id", ForeignKey("runs.run_id"), primary_key=True),
    Column("lot", String, primary_key=True),
    Column("shift", String, primary_key=True),
    Column("shift_began_utc_ns", BigInteger, primary_key=True),
    Column("passed", BigInteger, nullable=False, server_default="0"),
    Column("rejected", BigInteger, nullable=False, server_default="0"),
    Column("review", BigInteger, nullable=False, server_default="0"),
)

desk = MetaData()

reviews = Table(
    "reviews",
    desk,
    Column("id", Integer, primary_key=True),
    Column("part_number", Integer, nullable=False, index=True),
    Column("agrees", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", String, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
)

returns = Table(
    "returns",
    desk,
    Column("id", Integer, primary_key=True),
    Column("part_number", Integer, nullable=False, index=True),
    Column("serial", String, nullable=False),
    Column("who", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("labels", Text, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
)

# What people did about the watch's signals; the latest state that was entered counts.
signal_acts = Table(
    "signal_acts",
    desk,
    Column("id", Integer, primary_key=True),
    Column("signal_id", Integer, nullable=False, index=True),
    Column("act", String, nullable=False),
    Column("step", Integer),  # of the action plan, from 0; NULL for other acts
    Column("who", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
)

# Points of a chart's phase I that people left out of its limits, with the reason.
exclusions = Table(
    "exclusions",
    desk,
    Column("id", Integer, primary_key=True),
    Column("chart", String, nullable=False),
    Column("point", Integer, nullable=False),
    Column("who", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
)

notes = Table(
    "notes",
    desk,
    Column("id", Integer, primary_key=True),
    Column("part_number", Integer),
    Column("who", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
)
