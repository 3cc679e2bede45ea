"""How a fault of an input is raised: expected, and its sentence is written for who asked."""

from collections.abc import Iterable
from typing import ClassVar, Final, Self

from libs.contracts.user_error_codes import UserErrorCode

__all__ = [
    "MOST_TOLD",
    "CaseRefusal",
    "FileRefusal",
    "Refusal",
    "Refused",
    "RowRefusal",
    "StateRefusal",
    "UserErrorCode",
    "refuse_all",
]

# Nobody reads more, and each costs time to tell.
MOST_TOLD: Final = 1_000


class Refusal(Exception):
    """One fault of one input. A service's base class, then a class for each code."""

    code: ClassVar[UserErrorCode]

    def __init__(self, message: str, path: tuple[str, ...] = ("input",)) -> None:
        super().__init__(message)
        self.message = message
        self.path = path

    def at(self, *path: str) -> Self:
        """The same refusal at another place of the input: `("input", "numbers", "3")`."""
        moved = self.__class__.__new__(self.__class__)
        moved.__dict__.update(self.__dict__)
        moved.args = self.args
        moved.path = path
        return moved


class RowRefusal(Refusal):
    """A fault in an uploaded table. `row` counts from 1, the heading is row 1."""

    def __init__(
        self, message: str, *, row: int, column: str | None, value: str | None
    ) -> None:
        super().__init__(message, ("input", "rows", str(row), *([column] if column else [])))
        self.row = row
        self.column = column
        self.value = value


class FileRefusal(Refusal):
    """A fault of an uploaded file. `content_type` is what its bytes say, where they say one.

    A class below that has `sentence` needs no message.
    """

    sentence: str

    def __init__(
        self, message: str | None = None, *, filename: str, content_type: str | None
    ) -> None:
        super().__init__(message or self.sentence)
        self.filename = filename
        self.content_type = content_type


class StateRefusal(Refusal):
    """Not possible now: carries what is."""

    code = UserErrorCode.INVALID_STATE

    def __init__(self, message: str, *, status: str, available_actions: Iterable[str]) -> None:
        super().__init__(message)
        self.status = status
        self.available_actions = tuple(available_actions)


class CaseRefusal(Refusal):
    """Something for our support team: carries what `openSupportCase` would need."""

    def __init__(self, message: str, *, subject: str, numbers: Iterable[str]) -> None:
        super().__init__(message)
        self.subject = subject
        self.numbers = tuple(numbers)


class Refused(Exception):
    """All faults of one input at once."""

    def __init__(self, refusals: Iterable[Refusal]) -> None:
        self.refusals = tuple(refusals)
        if not self.refusals:
            raise ValueError("nothing was refused")
        super().__init__(", ".join(refusal.code for refusal in self.refusals))


def refuse_all(refusals: Iterable[Refusal]) -> None:
    """Raises `Refused` where there is at least one."""
    if found := tuple(refusals):
        raise Refused(found)
