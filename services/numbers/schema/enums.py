"""The domain's enums in the graph, each value with its description."""

from libs.common.caller import Role
from libs.common.graphql.enums import publish_enum
from services.numbers.domain.account_actions import AccountAction
from services.numbers.domain.inventory import NumberOrder, NumberType
from services.numbers.domain.members import MemberAction
from services.numbers.domain.tracking_numbers import (
    NumberAction,
    NumberBadge,
    NumberState,
    NumberTab,
)

publish_enum(
    Role,
    name="MemberRole",
    description="What a member may do in the account.",
    values={
        Role.ADMINISTRATOR: "Everything in every company; authorizes what managers submit.",
        Role.MANAGER: "Creates and submits port requests in their companies.",
        Role.CLIENT_MANAGER: "As a manager, but sees only their own port requests.",
        Role.VIEWER: "Reads inventory and port requests of their companies.",
    },
)
publish_enum(
    NumberState,
    name="TrackingNumberState",
    description="Where a tracking number stands.",
    values={
        NumberState.PRECONFIGURED: "Being ported in; it already rings through if a call comes.",
        NumberState.AWAITING_FIRST_CALL: "Ported in and billed; nobody has called it yet.",
        NumberState.ACTIVE: "In use: a call has reached it.",
        NumberState.PORTING_OUT: "Another carrier takes it over; it still rings here.",
        NumberState.PORTED_OUT: "Left; billed until it is disabled.",
        NumberState.DISABLED: "Disabled: not billed, does not ring.",
        NumberState.QUARANTINED: "Disabled and kept back for a while.",
        NumberState.RELEASED: "No longer ours.",
    },
)
publish_enum(
    NumberTab,
    name="TrackingNumberTab",
    description="The inventory's tabs.",
    values={
        NumberTab.PENDING: "In inventory and not yet called.",
        NumberTab.ACTIVE: "In use, or leaving.",
        NumberTab.DISABLED: "Disabled.",
    },
)
publish_enum(
    NumberBadge,
    name="TrackingNumberBadge",
    description="What is special about a number in its tab.",
    values={
        NumberBadge.PORTING_IN: "Porting in.",
        NumberBadge.PORTING_OUT: "Porting out.",
        NumberBadge.PORTED_OUT: "Left: disable it to stop charges.",
    },
)
publish_enum(
    NumberAction,
    name="TrackingNumberAction",
    description="What you can do with a number now.",
    values={
        NumberAction.DISABLE: "Disable it: no charges and no calls from then on.",
        NumberAction.RESTORE: "Take it into use again, charged from then on.",
        NumberAction.UPDATE: "Give it another forwarding number, name, source or company.",
    },
)
publish_enum(
    NumberType,
    name="TrackingNumberType",
    description="What kind of number it is for whoever calls it.",
    values={
        NumberType.LOCAL: "With an area code of a place.",
        NumberType.TOLL_FREE: "Free for the caller: 800, 833, 844, 855, 866, 877 or 888.",
    },
)
publish_enum(
    NumberOrder,
    name="TrackingNumberOrder",
    description="What comes first in the inventory.",
    values={
        NumberOrder.NEWEST_FIRST: "What came into inventory last.",
        NumberOrder.NUMBER: "The lowest number.",
        NumberOrder.NAME: "The name that begins the alphabet, case and accents aside.",
    },
)
publish_enum(
    AccountAction,
    description="What you can do with an account now.",
    values={
        AccountAction.RENAME: "Give it another name.",
        AccountAction.CHANGE_STANDING: "Change card on file, balance, good standing or trial.",
        AccountAction.ADD_COMPANY: "Add a company.",
        AccountAction.ADD_MEMBER: "Add a member.",
        AccountAction.DISABLE: "End it: nothing ties it any more.",
        AccountAction.REACTIVATE: "Let its people change things again.",
    },
)
publish_enum(
    MemberAction,
    description="What you can do with a member now.",
    values={
        MemberAction.CHANGE: "Change name, address, role or companies.",
        MemberAction.DEACTIVATE: "End their rights.",
        MemberAction.REACTIVATE: "Give them back the rights that they had.",
    },
)
