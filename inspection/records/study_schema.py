"""Tables of agreement studies, on the desk: rows are only ever added."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from inspection.records.schema import desk

studies = Table(
    "studies",
    desk,
    Column("study_id", Integer, primary_key=True),
    Column("title", Text, nullable=False),
    Column("trials", Integer, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("who", String, nullable=False),
    Column("begun_utc_ns", BigInteger, nullable=False),
)

# `truth_from` says who or what told the truth; `station_bad` is the station's verdict of the day.
study_parts = Table(
    "study_parts",
    desk,
    Column("study_id", ForeignKey("studies.study_id"), primary_key=True),
    Column("part_number", Integer, primary_key=True),
    Column("bad", Boolean, nullable=False),
    Column("truth_from", String, nullable=False),
    Column("station_bad", Boolean, nullable=False),
)

study_calls = Table(
    "study_calls",
    desk,
    Column("id", Integer, primary_key=True),
    Column("study_id", ForeignKey("studies.study_id"), nullable=False),
    Column("appraiser", String, nullable=False),
    Column("trial", Integer, nullable=False),
    Column("part_number", Integer, nullable=False),
    Column("bad", Boolean, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
    UniqueConstraint("study_id", "appraiser", "trial", "part_number"),
)

study_ends = Table(
    "study_ends",
    desk,
    Column("study_id", ForeignKey("studies.study_id"), primary_key=True),
    Column("who", String, nullable=False),
    Column("ended_utc_ns", BigInteger, nullable=False),
)
