"""The watch's own database: charts, their stages and points, signals, roll-ups, and its place.

The watch alone writes it, and everything of one step in one transaction: place, states, points and
signals move together, so that a watch killed at any moment misses and repeats nothing. All of it
but the hour at which a signal was raised can be had again from the records.
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
    UniqueConstraint,
)

watch = MetaData()

# How far records and events have been read, and what must be remembered of them. Charts of what
# people say of rejects follow behind: they wait for reviews.
place = Table(
    "place",
    watch,
    Column("id", Integer, primary_key=True),
    Column("last_part", Integer, nullable=False),
    Column("last_event", Integer, nullable=False),
    Column("reviewed_part", Integer, nullable=False),
    Column("memory", Text, nullable=False),
)

# One row per chart that is drawn: a recipe's chart of every camera or every class is many.
charts = Table(
    "charts",
    watch,
    Column("chart_id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("measure", String, nullable=False),
    Column("class_name", String, nullable=False),
    Column("camera_id", String, nullable=False),
    Column("settings", Text, nullable=False),
    Column("alarm", Boolean, nullable=False),
    Column("state", Text, nullable=False),
)

# A stage of a chart is what one set of limits belongs to. `limits` is NULL in phase I.
stages = Table(
    "stages",
    watch,
    Column("chart_id", ForeignKey("charts.chart_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("first_part", Integer, nullable=False),
    Column("begun_utc_ns", BigInteger, nullable=False),
    Column("because", Text, nullable=False),
    Column("frozen_part", Integer),
    Column("frozen_utc_ns", BigInteger),
    Column("limits", Text),
)

# One row per subgroup; of a CUSUM of verdicts, one per hour with its highest sum.
points = Table(
    "points",
    watch,
    Column("chart_id", ForeignKey("charts.chart_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("stage", Integer, nullable=False),
    Column("label", String, nullable=False),
    Column("first_part", Integer, nullable=False),
    Column("last_part", Integer, nullable=False),
    Column("from_utc_ns", BigInteger, nullable=False),
    Column("to_utc_ns", BigInteger, nullable=False),
    Column("size", Integer, nullable=False),
    Column("total", Float, nullable=False),
    Column("value", Float, nullable=False),
    # All of the following are NULL until the stage's limits are frozen.
    Column("center", Float),
    Column("lower", Float),
    Column("upper", Float),
    Column("rules", String),
)

# Of a chart that holds values against those of phase I: these, of its present stage, as JSON.
# Written once a stage; what changes with every part is in the chart's state.
reference_values = Table(
    "reference_values",
    watch,
    Column("chart_id", ForeignKey("charts.chart_id"), primary_key=True),
    Column("stage", Integer, nullable=False),
    Column("reference", Text, nullable=False),
)

signals = Table(
    "signals",
    watch,
    Column("signal_id", Integer, primary_key=True),
    Column("chart_id", ForeignKey("charts.chart_id"), nullable=False),
    Column("stage", Integer, nullable=False),
    Column("rule", String, nullable=False),
    Column("side", String, nullable=False),
    Column("first_part", Integer, nullable=False),
    Column("last_part", Integer, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
    Column("value", Float, nullable=False),
    Column("center", Float, nullable=False),
    Column("lower", Float),
    Column("upper", Float),
    Column("raised_utc_ns", BigInteger, nullable=False),
    Column("diagnosis", Text, nullable=False),
    UniqueConstraint("chart_id", "last_part", "rule"),
)

annotations = Table(
    "annotations",
    watch,
    Column("id", Integer, primary_key=True),
    Column("at_utc_ns", BigInteger, nullable=False),
    Column("part_number", Integer),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
)
Index("annotations_by_time", annotations.c.at_utc_ns)

# Roll-ups by the hour of capture (UTC), lot and shift: what a year of a line is drawn from.
hours = Table(
    "hours",
    watch,
    Column("hour_utc_ns", BigInteger, primary_key=True),
    Column("lot", String, primary_key=True),
    Column("shift", String, primary_key=True),
    Column("first_part", Integer, nullable=False),
    Column("last_part", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("inspected", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("review", Integer, nullable=False),
    Column("scored", Integer, nullable=False),
    Column("score_sum", Float, nullable=False),
)

hour_classes = Table(
    "hour_classes",
    watch,
    Column("hour_utc_ns", BigInteger, primary_key=True),
    Column("lot", String, primary_key=True),
    Column("shift", String, primary_key=True),
    Column("class_name", String, primary_key=True),
    Column("rejected", Integer, nullable=False),
)

hour_cameras = Table(
    "hour_cameras",
    watch,
    Column("hour_utc_ns", BigInteger, primary_key=True),
    Column("lot", String, primary_key=True),
    Column("shift", String, primary_key=True),
    Column("camera_id", String, primary_key=True),
    Column("pictures", Integer, nullable=False),
    Column("brightness_sum", Float, nullable=False),
    Column("sharpness_sum", Float, nullable=False),
    Column("noise_sum", Float, nullable=False),
    Column("vignetting_sum", Float, nullable=False),
    Column("saturated_sum", Float, nullable=False),
)

# How far each output has been told of signals: at least once each, by their ids.
outputs = Table(
    "outputs",
    watch,
    Column("name", String, primary_key=True),
    Column("last_signal", Integer, nullable=False),
)
