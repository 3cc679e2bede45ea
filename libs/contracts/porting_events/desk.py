"""Facts about the port desk's own work on a request."""

from datetime import date
from typing import ClassVar

from libs.contracts.porting_events.base import Part, PortRequestFact


class PortClaimed(PortRequestFact):
    """Somebody of the desk works on it from now on; `taken_from` whoever had it before."""

    is_internal: ClassVar[bool] = True
    type: ClassVar[str] = "porting.port_claimed.v1"
    claimed_by: str
    taken_from: str | None


class PortReleased(PortRequestFact):
    """Whoever of the desk had it does not work on it any more."""

    is_internal: ClassVar[bool] = True
    type: ClassVar[str] = "porting.port_released.v1"
    released_by: str


class CarrierOrderPart(Part):
    carrier_order_id: str
    losing_carrier: str
    country: str
    is_toll_free: bool
    line_count: int


class CarrierOrdersChanged(PortRequestFact):
    """The desk put the carrier orders together otherwise: all of them, as they are now."""

    type: ClassVar[str] = "porting.carrier_orders_changed.v1"
    carrier_orders: list[CarrierOrderPart]


class FirmDateRequested(PortRequestFact):
    """The day that the losing carrier will be asked for, of these carrier orders or of all."""

    type: ClassVar[str] = "porting.firm_date_requested.v1"
    requested_firm_date: date
    carrier_order_ids: list[str]
