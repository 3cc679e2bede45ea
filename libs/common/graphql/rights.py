"""Who may ask for a root field at all. What they then see, rows and use cases decide.

A right is a set of words: roles, `support`, a machine's scopes. Every root field names its
right, so that a forgotten one fails when the schema is built, not when it is attacked. Members
of a disabled account change nothing, but for what `EVEN_DISABLED` is added to.
"""

from typing import Final, TypeAlias

from libs.common.caller import (
    Anonymous,
    Caller,
    Machine,
    Member,
    Role,
    Stranger,
    Support,
)
from libs.common.graphql.errors import Forbidden, SignInNeeded

Right: TypeAlias = frozenset[str]

SUPPORT: Final[Right] = frozenset({"support"})
MEMBERS: Final[Right] = frozenset(Role)
ADMINISTRATORS: Final[Right] = frozenset({Role.ADMINISTRATOR})
REQUESTERS: Final[Right] = frozenset({Role.ADMINISTRATOR, Role.MANAGER, Role.CLIENT_MANAGER})
READERS: Final[Right] = MEMBERS | SUPPORT
SIGNED_IN: Final[Right] = READERS | {"stranger"}
EVEN_DISABLED: Final[Right] = frozenset({"members of a disabled account"})
ANYONE: Final[Right] = SIGNED_IN | {"anonymous"}


def machines(*scopes: str) -> Right:
    return frozenset(scopes)


def words_of(caller: Caller) -> Right:
    match caller:
        case Member():
            return frozenset({caller.role})
        case Support():
            return SUPPORT
        case Machine():
            return caller.scopes
        case Stranger():
            return frozenset({"stranger"})
        case Anonymous():
            return frozenset({"anonymous"})


def demand(right: Right, caller: Caller) -> None:
    """Raises `SignInNeeded` or `Forbidden`."""
    if not right.isdisjoint(words_of(caller)):
        return
    match caller:
        case Stranger():
            raise Forbidden("Your login belongs to no account.")
        case Anonymous():
            raise SignInNeeded
        case _:
            raise Forbidden


def demand_to_change(right: Right, caller: Caller) -> None:
    """As `demand`, for what changes something."""
    demand(right, caller)
    is_of_disabled = isinstance(caller, Member) and caller.account_is_disabled
    if is_of_disabled and right.isdisjoint(EVEN_DISABLED):
        raise Forbidden("Your account is disabled: only our support team can reactivate it.")
