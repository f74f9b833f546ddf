"""What a table holds, as far as it matters to who may read it."""

from enum import StrEnum


class Content(StrEnum):
    """The class of a table's content; each table has exactly one."""

    RECORDS = "records"
    USAGE = "usage"
    PRICES = "prices"
    MONEY = "money"
    OPERATIONS = "operations"

    @property
    def meaning(self) -> str:
        """What the tables of the class hold, in one line."""
        return _MEANINGS[self]


_MEANINGS = {
    Content.RECORDS: "what was received, one by one: bytes as they came, ids of single events",
    Content.USAGE: "quantities of an account, meter and period, and what people corrected in them",
    Content.PRICES: "rate cards, contracts, grants, fees and rates of exchange",
    Content.MONEY: "charges, the ledger's journal and invoices",
    Content.OPERATIONS: "what programs and people did: runs, findings, freezes, changes of tables",
}
