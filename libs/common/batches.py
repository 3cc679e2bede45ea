"""A long list in batches: as much as one event has room for, or as is worked at once."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def split(things: Sequence[T], most: int) -> list[Sequence[T]]:
    """In their order, at most so many in each; of nothing there is no batch."""
    return [things[start : start + most] for start in range(0, len(things), most)]
