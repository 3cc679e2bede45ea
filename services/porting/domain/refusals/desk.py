"""Refusals of the port desk: claims and carrier orders."""

from libs.contracts.refusals import UserErrorCode
from services.porting.domain.refusals.base import PortingRefusal


class ClaimedByAnother(PortingRefusal):
    code = UserErrorCode.CLAIMED_BY_ANOTHER

    def __init__(self, claimed_by: str) -> None:
        super().__init__(f"{claimed_by} works on it: take it over, or leave it to them.")


class CarrierOrderUnknown(PortingRefusal):
    code = UserErrorCode.NOT_FOUND
    sentence = "The request has no such carrier order."


class CarrierOrdersMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Name a carrier order."


class CarrierOrderSent(PortingRefusal):
    code = UserErrorCode.CARRIER_ORDER_SENT
    sentence = "The losing carrier has this carrier order already."


class CarrierOrderMixed(PortingRefusal):
    code = UserErrorCode.CARRIER_ORDER_MIXED
    sentence = "Local and toll-free numbers, and those of two countries, cannot move together."


class LosingCarrierMissing(PortingRefusal):
    code = UserErrorCode.REQUIRED
    sentence = "Name the losing carrier."
