"""The shadow's own database: what a challenger said of the parts that the champion judged.

The shadow's process alone writes it. The line's records know nothing of it.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table
from sqlalchemy import Text as Json

shadow = MetaData()

# One row per part and shadow. `inspected` is false where the shadow had no answer. `pictures` are
# those that the shadow keeps itself: the records keep none of the part's.
answers = Table(
    "answers",
    shadow,
    Column("part_number", Integer, primary_key=True, autoincrement=False),
    Column("digest", String, primary_key=True),
    Column("serial", String, nullable=False),
    Column("champion_digest", String, nullable=False),
    Column("champion_outcome", String, nullable=False),
    Column("champion_score", Float),
    Column("outcome", String, nullable=False),
    Column("inspected", Boolean, nullable=False),
    Column("score", Float),
    Column("reasons", Json, nullable=False),
    Column("views", Json, nullable=False),
    Column("disagrees", Boolean, nullable=False),
    Column("took_ns", BigInteger, nullable=False),
    Column("at_utc_ns", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
Index(
    "disagreements",
    answers.c.digest,
    answers.c.part_number,
    sqlite_where=answers.c.disagrees.is_(True),
)

# Counted up in the transaction that inserts the answers: one row per shadow beside a champion.
trials = Table(
    "trials",
    shadow,
    Column("digest", String, primary_key=True),
    Column("champion_digest", String, primary_key=True),
    Column("label", String, nullable=False),
    Column("champion_label", String, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("no_answer", Integer, nullable=False),
    Column("disagreements", Integer, nullable=False),
    Column("passed_over", Integer, nullable=False),
    Column("took_ns", BigInteger, nullable=False),
    Column("first_part", Integer, nullable=False),
    Column("last_part", Integer, nullable=False),
    Column("last_utc_ns", BigInteger, nullable=False),
)
