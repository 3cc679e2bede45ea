"""Texts as they arrive: JSON can say what no column can hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass

from strawberry.utils.str_converters import to_camel_case

from libs.common.graphql.errors import ErrorCode, sentence_and_code
from libs.contracts.refusals import Refusal, Refused
from services.porting.domain.refusals.base import TextUnreadable

# It is no text of anybody's, and names no request: it has an error of its own.
_KEY = "idempotency_key"


@contextmanager
def refusing_unreadable_texts(given: object) -> Iterator[None]:
    """What the input has of them is refused beside all that is wrong with it otherwise."""
    try:
        yield
    except (Refusal, Refused) as refused:
        told = refused.refusals if isinstance(refused, Refused) else (refused,)
        paths = {each.path for each in told}
        more = [fault for fault in faults_of_texts(given) if fault.path not in paths]
        if not more:
            raise
        raise Refused([*told, *more]) from refused
    except Exception as fault:
        _, code = sentence_and_code(fault)
        unreadable = [*faults_of_texts(given)]
        if code is not ErrorCode.BAD_USER_INPUT or not unreadable:
            raise
        raise Refused(unreadable) from fault


def faults_of_texts(given: object, path: tuple[str, ...] = ("input",)) -> Iterator[Refusal]:
    """Each at its place in the input, by its name in the graph; what was written is not told."""
    if isinstance(given, str):
        if "\0" in given:
            yield TextUnreadable().at(*path)
    elif isinstance(given, list | tuple):
        for index, each in enumerate(given):
            yield from faults_of_texts(each, (*path, str(index)))
    elif is_dataclass(given):
        for field in fields(given):
            if field.name != _KEY:
                place = (*path, to_camel_case(field.name))
                yield from faults_of_texts(getattr(given, field.name), place)
