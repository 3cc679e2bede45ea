"""Exports of the inventory: by a link for one viewer, part by part, safe in a spreadsheet."""

import csv
import io
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from libs.common.caller import Role
from services.numbers.domain.export_names import name_export, read_export
from services.numbers.domain.inventory import (
    InventoryFilter,
    InventoryFilterError,
    NumberOrder,
    NumberType,
)
from services.numbers.domain.tracking_numbers import NumberState, NumberTab
from services.numbers.use_cases import exporting
from tests.numbers.builders import a_line, add_number, found_account, phone, review

LINK = """query ($search: String, $company: ID, $account: ID) {
  trackingNumberExportUrl(search: $search, companyId: $company, accountId: $account,
    orderBy: NUMBER) }"""


async def link_for(door, caller, **asked):
    return (await door.see(caller, LINK, **asked))["trackingNumberExportUrl"]


async def rows_of(door, url):
    answer = await door.client.get(url)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]


def test_what_an_export_is_of_survives_its_link():
    asked = InventoryFilter(
        account_id="acc_1",
        company_id="co_1",
        tab=NumberTab.ACTIVE,
        source="Ünï",
        states=[NumberState.ACTIVE],
        type=NumberType.LOCAL,
        area_code="212",
        search="a b",
    )
    assert read_export(name_export(asked, NumberOrder.NAME)) == (asked, NumberOrder.NAME)


@pytest.mark.parametrize("name", ["x", "e30", "bnVsbA", "W10", "é", "eyJvcmRlciI6IngifQ"])
def test_a_name_of_another_version_is_told_as_such(name):
    with pytest.raises(InventoryFilterError):
        read_export(name)


async def test_an_export_has_what_its_viewer_sees_in_the_list_s_order(
    door, database, monkeypatch
):
    monkeypatch.setattr(exporting, "_AT_ONCE", 2)
    house = await found_account(database)
    names = ["=1+1", "+1", "-2", "@SUM(A1)", "\tx", 'Say "hi", all', "Plain"]
    lines = [
        a_line(
            house.companies["Garage" if place == 6 else "Dental"], phone(place), name=name,
            source="=cmd|' /C calc'!A0", forwarding_number="+16175550100",
        )
        for place, name in enumerate(names)
    ]  # fmt: skip
    await review(database, house, lines)
    rows = await rows_of(door, await link_for(door, house.administrator))
    assert [row[0] for row in rows] == [phone(place) for place in range(7)]
    assert [row[2] for row in rows] == [
        "'=1+1", "'+1", "'-2", "'@SUM(A1)", "'\tx", 'Say "hi", all', "Plain",
    ]  # fmt: skip
    assert {row[3][0] for row in rows} == {"'"}
    assert rows[6][4:6] == ["Garage", "PRECONFIGURED"]
    dental = await rows_of(door, await link_for(door, house.callers[Role.MANAGER]))
    assert len(dental) == 6
    found = await rows_of(door, await link_for(door, house.administrator, search="plain"))
    assert [row[2] for row in found] == ["Plain"]
    assert await rows_of(door, await link_for(door, house.administrator, search="zzz")) == []
    by_support = await link_for(door, "support", company=house.companies["Garage"])
    assert len(await rows_of(door, by_support)) == 1


async def test_a_link_holds_for_its_viewer_alone_and_as_long_as_they_see_it(door, database):
    house = await found_account(database)
    await add_number(database, house, phone(1))
    manager = house.callers[Role.MANAGER]
    url = await link_for(door, manager, company=house.companies["Dental"])
    parts = urlsplit(url)
    query = {name: value for name, (value,) in parse_qs(parts.query).items()}
    for changes in (
        {"viewer": house.administrator.member_id},
        {"viewer": "mem_x"},
        {"viewer": ""},
        {"expires": str(int(query["expires"]) + 1)},
        {"signature": "0" * 64},
    ):
        wrong = parts._replace(query=urlencode(query | changes)).geturl()
        assert (await door.client.get(wrong)).status_code == 403
    other = name_export(InventoryFilter(), NumberOrder.NUMBER)
    wrong = parts._replace(path=f"/exports/{other}/numbers.csv").geturl()
    assert (await door.client.get(wrong)).status_code == 403
    assert len(await rows_of(door, url)) == 1
    async with database.working() as connection:
        await connection.execute(
            "UPDATE members SET company_ids = '{}' WHERE id = $1", manager.member_id
        )
    assert (await door.client.get(url)).status_code == 404
    async with database.working() as connection:
        await connection.execute(
            "UPDATE members SET active = false WHERE id = $1", manager.member_id
        )
    assert (await door.client.get(url)).status_code == 403


async def test_another_account_s_inventory_has_no_rows_and_no_link_shows_it(door, database):
    house, other = await found_account(database), await found_account(database)
    await add_number(database, house, phone(1))
    url = await link_for(door, other.administrator, account=house.id)
    assert (await door.client.get(url)).status_code == 404
