"""Who asks for a field, as who may ask for it; all others are refused as FORBIDDEN."""

from typing import Any

from strawberry import Info

from libs.common.caller import Member, Support
from libs.common.graphql.context import Context
from libs.common.graphql.errors import Forbidden


def member_of(info: Info[Context[Any], Any]) -> Member:
    caller = info.context.caller
    if not isinstance(caller, Member):
        raise Forbidden
    return caller


def support_of(info: Info[Context[Any], Any]) -> Support:
    caller = info.context.caller
    if not isinstance(caller, Support):
        raise Forbidden
    return caller


def customer_or_support_of(info: Info[Context[Any], Any]) -> Member | Support:
    caller = info.context.caller
    if not isinstance(caller, Member | Support):
        raise Forbidden
    return caller
