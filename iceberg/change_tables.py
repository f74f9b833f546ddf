"""The tables of what people did to whole tables, declared as those of `iceberg.tables`.

Programs write them. The stream asks `table_changes` what a table was put back to, and pricing
`accepted_commits` whether someone has looked at a commit that came twice.
"""

from iceberg.columns import JOB_VERSION
from iceberg.table import Column, Table
from schemas.content import Content

TABLE_CHANGES = Table(
    name="table_changes",
    doc="Tables put back to an older snapshot: a row before it is done, one when it is done.",
    content=Content.OPERATIONS,
    columns=(
        Column("change_id", "string", "One change of some tables, decided on at once."),
        Column("table_name", "string", "The table that is changed."),
        Column("status", "string", "started or finished; started alone may not have been done."),
        Column("kind", "string", "What is done: rewind."),
        Column("checkpoint_id", "long", "The job's checkpoint that the table is put back to."),
        Column("from_snapshot_id", "long", "Its snapshot before."),
        Column(
            "to_snapshot_id",
            "long",
            "Its snapshot after; null: none, the table is empty.",
            required=False,
        ),
        Column("tag", "string", "Tag in the table that keeps the snapshot of before."),
        Column("decided_by", "string", "Who decided on it."),
        Column("reason", "string", "Why, in the words of that person."),
        Column("decided_at", "timestamptz", "When, by the clock of the program."),
        JOB_VERSION,
    ),
    key=("change_id", "table_name", "status"),
    partition_by="decided_at",
)

ACCEPTED_COMMITS = Table(
    name="accepted_commits",
    doc="Commits that came twice and were looked at: each row of them counts once.",
    content=Content.OPERATIONS,
    columns=(
        Column("table_name", "string", "The table that has it twice."),
        Column("kind", "string", "What came twice: checkpoint or data file."),
        Column("name", "string", "Which: job/operator/checkpoint, or the file's path."),
        Column("snapshot_ids", "string", "The snapshots that brought it, oldest first: 1,2."),
        Column("row_count", "long", "Rows that stand more than once, the same in each place."),
        Column("decided_by", "string", "Who accepted it."),
        Column("reason", "string", "Why, in the words of that person."),
        Column("decided_at", "timestamptz", "When, by the clock of the program."),
        JOB_VERSION,
    ),
    key=("table_name", "kind", "name", "snapshot_ids"),
    partition_by="decided_at",
)
