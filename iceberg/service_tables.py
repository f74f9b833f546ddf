"""The table of service levels, declared as those of `iceberg.tables`; a program writes it."""

from iceberg.columns import JOB_VERSION, ROW_ID
from iceberg.table import Column, Table
from schemas.content import Content

SERVICE_LEVELS = Table(
    name="service_levels",
    doc="What the product measured of itself: one row for each run, level and part.",
    content=Content.OPERATIONS,
    columns=(
        ROW_ID,
        Column("run_id", "string", "The measurement: of its instant and window."),
        Column("measured_at", "timestamptz", "When, by the clock of the program."),
        Column("level", "string", "Which, from a closed list (schemas/service_levels)."),
        Column("part", "string", 'Canonical JSON, such as {"partition":"0"}; {} of the whole.'),
        Column("window_start", "timestamptz", "First instant; null: from the beginning.", False),
        Column("window_end", "timestamptz", "First instant after what was looked at."),
        Column("unit", "string", "ratio, seconds, events, offsets or faults."),
        Column("numerator", "long", "The value is numerator / denominator, exactly.", False),
        Column("denominator", "long", "Greater than 0; both are null if not measured.", False),
        Column("comparison", "string", "<, <= or >=; null: the level has no target.", False),
        Column("target", "string", "What the value is compared with, exact decimal.", False),
        Column("verdict", "string", "met, missed, not_measured or no_target."),
        Column("reason", "string", "Why there is no value (schemas/service_level.py).", False),
        Column("detail", "string", "What else there is to know, for people.", required=False),
        JOB_VERSION,
    ),
    key=("run_id", "level", "part"),
    partition_by="measured_at",
)
