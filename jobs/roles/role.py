"""The shapes of roles and of programs, as `jobs.roles.declared` declares them; plain data."""

from dataclasses import dataclass

from iceberg.table import Table
from iceberg.tables import TABLES

_PREFIX = "meterclose_"


@dataclass(frozen=True, slots=True)
class Role:
    """What some people or programs may do with tables.

    Attributes:
        name: The role.
        doc: Who has it, in one line.
        reads: Tables that it reads.
        writes: Those of them that it commits to.
        creates: Whether it creates tables, and their namespace.
    """

    name: str
    doc: str
    reads: tuple[Table, ...] = TABLES
    writes: tuple[Table, ...] = ()
    creates: bool = False

    @property
    def granted_name(self) -> str:
        """Its name in catalogs and engines; letters and underscores alone."""
        return f"{_PREFIX}{self.name}"


@dataclass(frozen=True, slots=True)
class Program:
    """What a program does with tables.

    Attributes:
        name: Of its module in `jobs`.
        writes: Tables that it commits to, whatever its options.
        role: The role that may do so; empty of a program that writes none.
        reads: Tables that must be there and as declared, and that it reads.
    """

    name: str
    writes: tuple[Table, ...] = ()
    role: str = ""
    reads: tuple[Table, ...] = TABLES
