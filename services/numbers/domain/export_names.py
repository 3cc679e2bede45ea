"""What an export is of, as a part of its link's path."""

import base64
import binascii
from typing import Any, Final

import orjson

from services.numbers.domain.inventory import (
    InventoryFilter,
    InventoryFilterError,
    NumberOrder,
    NumberType,
)
from services.numbers.domain.tracking_numbers import NumberState, NumberTab

SHOWN: Final = "numbers.csv"


def name_export(asked: InventoryFilter, order: NumberOrder) -> str:
    said = {
        "account": asked.account_id,
        "company": asked.company_id,
        "tab": asked.tab,
        "source": asked.source,
        "states": asked.states,
        "type": asked.type,
        "area": asked.area_code,
        "search": asked.search,
        "order": order,
    }
    given = {name: value for name, value in said.items() if value is not None}
    return base64.urlsafe_b64encode(orjson.dumps(given)).rstrip(b"=").decode()


def read_export(name: str) -> tuple[InventoryFilter, NumberOrder]:
    """Of a link that we have signed. Raises `InventoryFilterError`."""
    try:
        padded = name.encode("ascii") + b"=" * (-len(name) % 4)
        said: dict[str, Any] = dict(orjson.loads(base64.urlsafe_b64decode(padded)))
        states, type_, tab = said.get("states"), said.get("type"), said.get("tab")
        return InventoryFilter(
            account_id=said.get("account"),
            company_id=said.get("company"),
            tab=None if tab is None else NumberTab(tab),
            source=said.get("source"),
            states=None if states is None else [NumberState(state) for state in states],
            type=None if type_ is None else NumberType(type_),
            area_code=said.get("area"),
            search=said.get("search"),
        ), NumberOrder(said["order"])
    except (UnicodeEncodeError, binascii.Error, ValueError, TypeError, KeyError) as error:
        raise InventoryFilterError(
            "This link is of another version: ask for a new one."
        ) from error
