"""Types of the graph that every service answers with: user errors."""

from collections.abc import Sequence

import strawberry

from libs.common.graphql.enums import publish_enum
from libs.contracts.refusals import (
    MOST_TOLD,
    CaseRefusal,
    FileRefusal,
    Refusal,
    Refused,
    RowRefusal,
    StateRefusal,
    UserErrorCode,
)

publish_enum(
    UserErrorCode,
    description="Why a mutation was refused. Codes may be added; none is renamed.",
    values={code: code.description for code in UserErrorCode},
)


@strawberry.interface(
    description="One fault of a mutation's input, for the person who sent it."
)
class UserError:
    code: UserErrorCode = strawberry.field(description="What a program acts on.")
    message: str = strawberry.field(description="One sentence for the person.")
    path: list[str] = strawberry.field(
        description=(
            'What to correct. `["input", "numbers", "3"]` is a place in this input; '
            '`["portRequest", "letter"]` a part of the port request, by the names that it has '
            "in this graph; a number stands for its line."
        )
    )


@strawberry.federation.type(shareable=True, description="A fault with nothing more to tell.")
class InputError(UserError):
    pass


@strawberry.federation.type(shareable=True, description="A fault in an uploaded table.")
class CsvRowError(UserError):
    row: int = strawberry.field(description="The row in the file; the heading is row 1.")
    column: str | None = strawberry.field(
        description="The column's name, absent where the whole row is meant."
    )
    value: str | None = strawberry.field(description="What the cell says, cut if long.")


@strawberry.federation.type(
    shareable=True, description="It cannot be done in the present status."
)
class InvalidStateError(UserError):
    status: str = strawberry.field(description="The present status.")
    available_actions: list[str] = strawberry.field(description="What can be done now.")


@strawberry.federation.type(
    shareable=True,
    description="Our support team can do it: open a case with `openSupportCase`.",
)
class SupportCaseOffer(UserError):
    subject: str = strawberry.field(description="A subject for the case.")
    numbers: list[str] = strawberry.field(
        description="The numbers it would be about, in E.164."
    )


@strawberry.federation.type(shareable=True, description="A fault of an uploaded file.")
class DocumentError(UserError):
    filename: str = strawberry.field(description="The file's name, as it was uploaded.")
    content_type: str | None = strawberry.field(
        description="What the file is by its content; absent where it is none of ours."
    )


USER_ERROR_TYPES: Sequence[type] = (
    InputError,
    CsvRowError,
    InvalidStateError,
    SupportCaseOffer,
    DocumentError,
)


def user_errors(refused: Refused | Refusal) -> list[UserError]:
    """The first thousand; where there are more, a last one says how many."""
    refusals = refused.refusals if isinstance(refused, Refused) else (refused,)
    # What a file is refused for ends with such a last one already.
    if len(refusals) <= MOST_TOLD + 1:
        return [_user_error(refusal) for refusal in refusals]
    sentence = f"There are {len(refusals):,} faults; the first {MOST_TOLD:,} are listed here."
    more = InputError(code=UserErrorCode.MORE_FAULTS, message=sentence, path=["input"])
    return [*map(_user_error, refusals[:MOST_TOLD]), more]


def _user_error(refusal: Refusal) -> UserError:
    match refusal:
        case RowRefusal():
            return CsvRowError(
                code=refusal.code,
                message=refusal.message,
                path=list(refusal.path),
                row=refusal.row,
                column=refusal.column,
                value=refusal.value,
            )
        case FileRefusal():
            return DocumentError(
                code=refusal.code,
                message=refusal.message,
                path=list(refusal.path),
                filename=refusal.filename,
                content_type=refusal.content_type,
            )
        case StateRefusal():
            return InvalidStateError(
                code=refusal.code,
                message=refusal.message,
                path=list(refusal.path),
                status=refusal.status,
                available_actions=list(refusal.available_actions),
            )
        case CaseRefusal():
            return SupportCaseOffer(
                code=refusal.code,
                message=refusal.message,
                path=list(refusal.path),
                subject=refusal.subject,
                numbers=list(refusal.numbers),
            )
        case _:
            return InputError(
                code=refusal.code, message=refusal.message, path=list(refusal.path)
            )
