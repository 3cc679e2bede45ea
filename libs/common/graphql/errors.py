"""Top-level errors: the closed list of codes, and how anything raised becomes one of them.

TopLevelError          message and code reach the client
    SignInNeeded       UNAUTHENTICATED
    Forbidden          FORBIDDEN
    BadUserInput       BAD_USER_INPUT
    KeyReused          IDEMPOTENCY_KEY_REUSED
    KeyInProgress      IDEMPOTENCY_IN_PROGRESS
    Unavailable        UNAVAILABLE
anything else          INTERNAL, logged once, its text stays here
"""

import logging
import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, ClassVar

import asyncpg
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.schema.exceptions import (
    CannotGetOperationTypeError,
    InvalidOperationTypeError,
)

from libs.common.caller import AccountNotChosen
from libs.common.database import DATABASE_LOST
from libs.common.telemetry import current_request_id
from libs.common.tokens import KeysUnavailable, Unauthenticated

logger = logging.getLogger(__name__)

_LONGEST_MESSAGE = 400
_ERRORS_OF_A_BAD_DOCUMENT = 5


class ErrorCode(StrEnum):
    """Closed for the whole graph; some are the gateway's alone."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    RATE_LIMITED = "RATE_LIMITED"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class TopLevelError(Exception):
    code: ClassVar[ErrorCode]
    sentence: ClassVar[str]

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.sentence)


class SignInNeeded(TopLevelError):
    code = ErrorCode.UNAUTHENTICATED
    sentence = "Sign in first: this needs an access token."


class Forbidden(TopLevelError):
    code = ErrorCode.FORBIDDEN
    sentence = "Your role may not do this."


class BadUserInput(TopLevelError):
    code = ErrorCode.BAD_USER_INPUT
    sentence = "The request is not valid."


class KeyReused(TopLevelError):
    code = ErrorCode.IDEMPOTENCY_KEY_REUSED
    sentence = "This idempotency key was used with another input."


class KeyInProgress(TopLevelError):
    code = ErrorCode.IDEMPOTENCY_IN_PROGRESS
    sentence = "A request with this idempotency key is still running: try again."


class Unavailable(TopLevelError):
    code = ErrorCode.UNAVAILABLE
    sentence = "This is not available right now: try again."


# The database or the network is away: nobody's mistake, and worth another try.
_OUTAGES = (*DATABASE_LOST, KeysUnavailable)


# Where graphql-core repeats the value that it was given: it may be a PIN.
_REPEATED = re.compile(r"(?<=value): (?<!has invalid value: ).*|[,.]? found: .*", re.DOTALL)
_NO_SUCH_OPERATION = (CannotGetOperationTypeError, InvalidOperationTypeError)


def sentence_and_code(fault: BaseException | None) -> tuple[str, ErrorCode]:
    match fault:
        case TopLevelError():
            return str(fault), fault.code
        case Unauthenticated():
            return str(fault), ErrorCode.UNAUTHENTICATED
        case AccountNotChosen():
            return str(fault), ErrorCode.BAD_USER_INPUT
        case asyncpg.CharacterNotInRepertoireError() | asyncpg.UntranslatableCharacterError():
            return "A text holds a character that no text may hold.", ErrorCode.BAD_USER_INPUT
        case _ if isinstance(fault, _OUTAGES) and not isinstance(fault, ValueError):
            return Unavailable.sentence, ErrorCode.UNAVAILABLE
        case _:
            return "Something went wrong on our side.", ErrorCode.INTERNAL


def publish_errors(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """What the client may read of an operation's errors; faults are logged here, once each."""
    _log_faults(errors)
    if errors[0].path is None:
        errors = errors[:_ERRORS_OF_A_BAD_DOCUMENT]
    return [_publish(error) for error in errors]


def code_of(published: GraphQLError) -> str:
    return str((published.extensions or {})["code"])


def _publish(error: GraphQLError) -> GraphQLError:
    if _is_bad_document(error):
        message, code = _shorten(error.message), ErrorCode.BAD_USER_INPUT
    else:
        message, code = sentence_and_code(_fault_of(error))
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=_extensions(code),
    )


def _extensions(code: ErrorCode) -> dict[str, Any]:
    return {"code": code.value, "requestId": current_request_id()}


def _is_bad_document(error: GraphQLError) -> bool:
    """Parsing, validation and variables fail before any field has a path."""
    if error.path is not None or isinstance(_fault_of(error), (TopLevelError, *_OUTAGES)):
        return False
    return (
        isinstance(error, GraphQLSyntaxError)
        or error.original_error is None
        or isinstance(error.original_error, _NO_SUCH_OPERATION)
        or bool(error.nodes)
    )


def _fault_of(error: GraphQLError) -> BaseException | None:
    """The exception under graphql-core's wrappings."""
    fault: BaseException | None = error.original_error
    while isinstance(fault, GraphQLError) and fault.original_error is not None:
        fault = fault.original_error
    return fault


def _shorten(message: str) -> str:
    message = _REPEATED.sub("", message.split("Did you mean", 1)[0]).strip()
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return message[: _LONGEST_MESSAGE - 1] + "…"


def _log_faults(errors: Iterable[GraphQLError]) -> None:
    told: set[int] = set()
    for error in errors:
        if _is_bad_document(error):
            continue
        fault = _fault_of(error) or error
        _, code = sentence_and_code(fault)
        if code not in {ErrorCode.INTERNAL, ErrorCode.UNAVAILABLE} or id(fault) in told:
            continue
        told.add(id(fault))
        log_fault(fault, error.path)


def log_fault(fault: BaseException, path: Sequence[str | int] | None = None) -> None:
    _, code = sentence_and_code(fault)
    logger.error(
        "an operation failed",
        exc_info=fault,
        extra={"action": "operation.failed", "code": code.value, "at_field": path},
    )


def error_answer(fault: BaseException) -> dict[str, Any]:
    """The JSON body of a request that is refused before it is executed."""
    message, code = sentence_and_code(fault)
    return {"data": None, "errors": [{"message": message, "extensions": _extensions(code)}]}
