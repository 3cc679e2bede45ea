"""Australian and British numbers: offered to support, made by support, seen by the customer."""

import pytest

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.countries import Country, country_of, country_of_area_codes
from services.porting.domain.documents import DocumentKind
from services.porting.use_cases import documents, drafts
from tests.porting.builders import (
    SUPPORT,
    a_draft,
    a_line,
    add_inventory,
    add_upload,
    fill_lines,
    found_house,
    phone,
    preconfigure,
    request_of,
    sign,
    submit,
    types_told,
)
from tests.porting.test_uploads import PDF, a_promise, promised, put, uploaded

LONDON, SYDNEY = "+442079460123", "+61255501234"
MISSING = "query ($id: ID!) { portRequest(id: $id) { missing { code path message } } }"
SHOWN = """query ($id: ID!) { portRequest(id: $id) {
  name status country requesterId requesterName supportCase { reference }
  lines { edges { node { phoneNumber nationalFormat forwardingNumber company { id } } } }
} }"""


def a_wish(number=LONDON, **changes):
    return {
        "trackingNumber": number,
        "forwardingNumber": "+442079460999",
        "name": "Flyer",
        "source": "Print",
        **changes,
    }


def given(house, **changes):
    return {
        "accountId": house.id,
        "companyId": house.dental,
        "country": "GB",
        "name": "London move",
        "lines": [a_wish()],
        **changes,
    }


async def created(door, house, **changes) -> str:
    payload = await door.act("support", "createPortRequestFor", **given(house, **changes))
    assert payload["userErrors"] == []
    return payload["portRequest"]["id"]


async def refused(door, house, **changes):
    payload = await door.act("support", "createPortRequestFor", **given(house, **changes))
    assert payload["portRequest"] is None
    return [(error["code"], error["path"][1:]) for error in payload["userErrors"]]


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+12125550142", Country.US),
        ("+14165550142", Country.CA),
        ("+18005550142", Country.US),
        (SYDNEY, Country.AU),
        ("+61491570006", Country.AU),
        (LONDON, Country.GB),
        ("+18765550142", None),
        ("+33142685300", None),
    ],
)
def test_a_number_tells_its_country(number, country):
    assert country_of(PhoneNumber(number)) is country


def test_area_codes_tell_the_country_of_a_list():
    assert country_of_area_codes(["416", "604", "800"]) is Country.CA
    assert country_of_area_codes(["416", "212"]) is Country.US
    assert country_of_area_codes(["888"]) is Country.US


@pytest.mark.requirement("S11")
async def test_support_makes_a_request_that_the_customer_sees(door, database):
    house = await found_house(database)
    request_id = await created(door, house, requesterId=house.client_manager.member_id)

    for caller in (house.client_manager, house.manager, house.viewer, house.administrator):
        shown = (await door.see(caller, SHOWN, id=request_id))["portRequest"]
        assert (shown["name"], shown["status"], shown["country"]) == (
            "London move",
            "DRAFT",
            "GB",
        )
        assert [edge["node"] for edge in shown["lines"]["edges"]] == [
            {
                "phoneNumber": LONDON,
                "nationalFormat": "020 7946 0123",
                "forwardingNumber": "+442079460999",
                "company": {"id": house.dental},
            }
        ]
        assert shown["supportCase"]["reference"].startswith("PL-")
    unseen = await door.see(house.second_client_manager, SHOWN, id=request_id)
    assert unseen["portRequest"] is None
    assert await types_told(database, request_id) == ["draft_changed"]
    assert (await request_of(database, request_id)).made_by_support == "support"


@pytest.mark.requirement("S11")
async def test_a_request_of_support_belongs_to_the_first_administrator_if_to_nobody(
    door, database
):
    house = await found_house(database)
    request_id = await created(door, house, country="AU", lines=[a_wish(SYDNEY)])
    request = await request_of(database, request_id)
    assert request.requester_id == house.administrator.member_id
    assert request.country is Country.AU


@pytest.mark.requirement("S5", "S36", "S38")
async def test_every_fault_of_a_request_of_support_is_told_at_once(door, database):
    house = await found_house(database, card_on_file=False)
    other = await found_house(database)
    await add_inventory(database, other, PhoneNumber("+442079460777"))
    lines = [
        a_wish(name=" ", source="x" * 201),
        a_wish(SYDNEY),
        a_wish(forwardingNumber=LONDON),
        a_wish("+442079460777"),
    ]
    assert await refused(
        door,
        house,
        name=" ",
        companyId=other.dental,
        requesterId=house.viewer.member_id,
        lines=lines,
    ) == [
        ("REQUIRED", ["name"]),
        ("UNKNOWN_COMPANY", ["companyId"]),
        ("CARD_REQUIRED", ["accountId"]),
        ("NOT_FOUND", ["requesterId"]),
        ("REQUIRED", ["lines", "0", "name"]),
        ("TOO_LONG", ["lines", "0", "source"]),
        ("WRONG_COUNTRY", ["lines", "1", "trackingNumber"]),
        ("DUPLICATE_NUMBER", ["lines", "2", "trackingNumber"]),
        ("FORWARDING_LOOP", ["lines", "2", "forwardingNumber"]),
        ("INTERNAL_PORT", ["lines", "3", "trackingNumber"]),
    ]
    assert await refused(door, house, accountId="acc_x") == [("NOT_FOUND", ["accountId"])]
    ok = await found_house(database)
    assert await refused(door, ok, lines=[]) == [("NO_LINES", ["lines"])]
    garage = {"requesterId": ok.garage_manager.member_id}
    assert await refused(door, ok, **garage) == [("NOT_FOUND", ["requesterId"])]
    many = [a_wish(f"+4420794{place:05}") for place in range(1_001)]
    assert await refused(door, ok, lines=many) == [("TOO_MANY_LINES", ["lines"])]


@pytest.mark.requirement("S11")
async def test_a_request_for_another_country_needs_the_letter_of_that_country(door, database):
    house = await found_house(database)
    request_id = await created(door, house)
    shown = await door.see(house.administrator, MISSING, id=request_id)
    missing = [(each["code"], each["path"]) for each in shown["portRequest"]["missing"]]
    assert ("LETTER_REQUIRED", ["portRequest", "documents"]) in missing


@pytest.mark.requirement("S11")
async def test_support_attaches_the_letter_of_the_country_and_the_customer_sees_it(
    door, database
):
    house, other = await found_house(database), await found_house(database)
    request_id = await created(door, house)
    elsewhere = await created(door, other, lines=[a_wish("+442079460124")])
    upload = await promised(door, "support", PDF, portRequestId=request_id)
    assert (await put(door, upload, PDF)).status_code == 204
    letter = {"uploadId": upload["id"], "kind": "LETTER"}

    async def attach(caller, **given):
        payload = await door.act(caller, "attachDocument", **given)
        return [(error["code"], error["path"][-1]) for error in payload["userErrors"]]

    assert await attach("support", portRequestId=elsewhere, **letter) == [
        ("UPLOAD_NOT_FOUND", "uploadId")
    ]
    invoice = {**letter, "kind": "INVOICE"}
    assert await attach("support", portRequestId=request_id, **invoice) == [
        ("INVALID", "kind")
    ]
    assert await attach(house.administrator, portRequestId=request_id, **letter) == [
        ("UPLOAD_NOT_FOUND", "uploadId")
    ]
    own = {"uploadId": await uploaded(door, house.administrator, PDF), "kind": "LETTER"}
    assert await attach(house.administrator, portRequestId=request_id, **own) == [
        ("INVALID", "kind")
    ]
    assert await attach("support", portRequestId=request_id, **letter) == []

    query = """query ($id: ID!) { portRequest(id: $id) {
      documents { edges { node { kind filename } } } missing { code path } } }"""
    shown = (await door.see(house.administrator, query, id=request_id))["portRequest"]
    assert [edge["node"]["kind"] for edge in shown["documents"]["edges"]] == ["LETTER"]
    assert ["portRequest", "documents"] in [each["path"] for each in shown["missing"]]
    assert [each["code"] for each in shown["missing"] if "documents" in each["path"]] == [
        "DOCUMENT_REQUIRED"
    ]


async def test_support_says_which_request_its_files_are_for(door):
    given = a_promise(PDF)
    payload = await door.act("support", "createUpload", **given)
    assert [error["code"] for error in payload["userErrors"]] == ["NOT_FOUND"]


@pytest.mark.requirement("S9", "S10")
async def test_self_service_numbers_stay_out_of_a_request_of_support_and_the_other_way_round(
    door, database
):
    house = await found_house(database)
    british = await created(door, house)
    await fill_lines(
        database, house.administrator, british, [a_line(house.dental, phone(100))]
    )
    own = await a_draft(database, house.administrator, house.dental)
    await fill_lines(
        database,
        house.administrator,
        own,
        [a_line(house.dental, PhoneNumber(LONDON)), a_line(house.dental, phone(101))],
    )
    for request_id, number in ((british, phone(100)), (own, LONDON)):
        shown = await door.see(house.administrator, MISSING, id=request_id)
        wrong = [
            each["path"][-1]
            for each in shown["portRequest"]["missing"]
            if each["code"] == "WRONG_COUNTRY"
        ]
        assert wrong == [number]


async def test_the_numbers_tell_the_country_of_a_request(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.administrator, house.dental)
    query = "query ($id: ID!) { portRequest(id: $id) { country } }"
    for numbers, country in (
        ([], None),
        (["+14165550142", "+18005550142"], "CA"),
        (["+14165550142", "+12125550142"], "US"),
    ):
        added = [a_line(house.dental, PhoneNumber(number)) for number in numbers]
        if added:
            await fill_lines(database, house.administrator, request_id, added)
        shown = await door.see(house.administrator, query, id=request_id)
        assert shown["portRequest"]["country"] == country


@pytest.mark.requirement("S10")
async def test_a_list_with_foreign_numbers_offers_a_case_with_them(door, database):
    house = await found_house(database)
    request_id = await a_draft(database, house.manager, house.dental)
    heading = "tracking_number,forwarding_number,name,source,company\n"
    rows = (f"{number},3125550100,a,b,Dental\n" for number in (LONDON, phone(100), SYDNEY))
    upload_id = await uploaded(
        door, house.manager, (heading + "".join(rows)).encode(), "NUMBER_LIST"
    )
    payload = await door.act(
        house.manager, "importLines", portRequestId=request_id, uploadId=upload_id
    )
    *row_faults, offer = payload["userErrors"]
    assert [(each["code"], each["row"]) for each in row_faults] == [
        ("COUNTRY_NOT_SUPPORTED", 2),
        ("COUNTRY_NOT_SUPPORTED", 4),
    ]
    assert offer["__typename"] == "SupportCaseOffer"
    assert offer["code"] == "COUNTRY_NOT_SUPPORTED"
    assert offer["numbers"] == [LONDON, SYDNEY]

    opened = await door.act(
        house.manager,
        "openSupportCase",
        subject=offer["subject"],
        numbers=offer["numbers"],
        message="Please port these.",
    )
    assert opened["userErrors"] == []


@pytest.mark.requirement("S11")
async def test_a_request_of_support_is_corrected_and_sent_again_like_any_other(door, database):
    house = await found_house(database)
    request_id = await created(door, house)
    for caller, kind in ((house.administrator, "INVOICE"), (SUPPORT, "LETTER")):
        upload = await add_upload(database, house.administrator)
        async with database.transaction(caller) as connection:
            await documents.attach_document(
                connection,
                caller,
                request_id,
                kind=DocumentKind(kind),
                file=documents.file_as_sent(upload),
            )
    async with database.transaction(house.administrator) as connection:
        await drafts.acknowledge_warnings(connection, house.administrator, request_id)
    await sign(database, house.administrator, request_id)
    await submit(database, house.administrator, request_id)
    await preconfigure(database, request_id)
    given = {"portRequestId": request_id}
    assert (await door.act("support", "sendToCarrier", **given))["userErrors"] == []
    rejected = await door.act("support", "recordRejection", code="PIN_INVALID", **given)
    assert rejected["userErrors"] == []
    corrections = [{"trackingNumber": LONDON, "note": "The PIN of the last bill."}]
    corrected = await door.act(
        house.administrator, "correctLines", corrections=corrections, **given
    )
    assert corrected["userErrors"] == []

    again = await door.act(house.administrator, "resubmitPortRequest", **given)

    assert (again["userErrors"], again["portRequest"]["status"]) == ([], "WITH_CARRIER")
