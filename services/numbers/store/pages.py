"""A page of a list by key: rows between two ids, read from either end."""

from dataclasses import dataclass

# Beyond every id there can be.
_LAST_ID = "~"


@dataclass(frozen=True, kw_only=True)
class Page:
    """`after` and `before` are ids of the list's order; at most `limit` rows are read.

    `is_backwards` reads the rows nearest to the list's end, the last one first.
    """

    limit: int
    after: str | None = None
    before: str | None = None
    is_backwards: bool = False

    @property
    def bounds(self) -> tuple[str, str]:
        """Of a list that is ordered by falling id: everything below, everything above."""
        return self.after or _LAST_ID, self.before or ""


def backwards(sql: str) -> str:
    """The same list from its other end."""
    return sql.replace(" DESC", " ASC")
