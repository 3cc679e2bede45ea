"""Faults of a number list: the first of them are kept, all are counted."""

from collections.abc import Iterable
from itertools import islice

from libs.contracts.refusals import MOST_TOLD, Refusal
from services.porting.domain.refusals.lines import MoreFaults, RowFault


class Faults:
    """Each pass over the file adds its own, in the order of rows: its first are enough."""

    def __init__(self) -> None:
        self._kept: list[RowFault] = []
        self.count = 0

    def add(self, faults: Iterable[RowFault]) -> None:
        found = iter(faults)
        first = list(islice(found, MOST_TOLD))
        self._kept += first
        self.count += len(first) + sum(1 for _ in found)

    def tell(self) -> list[Refusal]:
        """In the order of rows; the last one says how many are left out."""
        told: list[Refusal] = [*sorted(self._kept, key=lambda fault: fault.row)[:MOST_TOLD]]
        if self.count > len(told):
            told.append(MoreFaults(told=len(told), count=self.count))
        return told
