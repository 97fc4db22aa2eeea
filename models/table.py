"""What every table row is: described columns, a stated grain, a partition."""

from datetime import date, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """Base of every record and setting: frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TableRow(Contract):
    """One row of a table. The docstring's first line is the table's comment and names its grain."""

    table: ClassVar[str]
    grain: ClassVar[tuple[str, ...]]
    partition: ClassVar[str | None] = None
    """The DATE column whose values are replaced together; None for tables replaced whole."""
    private: ClassVar[frozenset[str]] = frozenset()
    """Columns that never leave the warehouse for the analysts' file."""
    is_published: ClassVar[bool] = True
    published_as: ClassVar[str | None] = None
    """Name in the analysts' file, where it is not that of the table."""

    @classmethod
    def public_name(cls) -> str:
        """The table's name in the analysts' file."""
        return cls.published_as or cls.table

    @classmethod
    def comment(cls) -> str:
        """The first paragraph of the docstring: what a row is, and the grain."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


ColumnType = type[str] | type[int] | type[float] | type[bool] | type[date] | type[datetime]
Row = dict[str, Any]
