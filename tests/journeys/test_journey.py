"""The journey of `make demo`, and what is left of it: each event once, in order, whole."""

from collections import defaultdict

import aio_pika
import pytest

from deploy.local.journey import NUMBERS
from deploy.local.stack import SERVICES
from libs.common.broker import DEAD_LETTERS
from tests.journeys.asking import ask, open_socket
from tests.journeys.observations import select, until

pytestmark = pytest.mark.journey

REQUEST_HEARS = [
    "porting.letter_signed.v1",
    "porting.port_submitted.v1",
    "porting.review_started.v1",
    "porting.lines_preconfigured.v1",
    "porting.port_sent_to_carrier.v1",
    "porting.port_approved.v1",
    "porting.port_completed.v1",
]
PORT_OUT_HEARS = [
    "porting.port_out_received.v1",
    "porting.port_out_authorized.v1",
    "porting.port_out_scheduled.v1",
    "porting.port_out_ported.v1",
    "porting.port_out_checklist_changed.v1",
    "porting.port_out_checklist_changed.v1",
    "porting.port_out_checklist_changed.v1",
    "porting.port_out_confirmed.v1",
]
CALLED_NUMBER_HEARS = [
    "numbers.number_ported_in.v1",
    "numbers.first_call_received.v1",
    "numbers.number_porting_out.v1",
    "numbers.number_ported_out.v1",
    "numbers.number_disabled.v1",
]
THE_FIVE = {
    "porting.port_submitted.v1",
    "porting.port_approved.v1",
    "porting.port_completed.v1",
    "numbers.first_call_received.v1",
    "porting.port_out_confirmed.v1",
}


@pytest.mark.requirement("S60")
async def test_the_dashboard_hears_each_event_once_and_in_order(travelled):
    heard = defaultdict(list)
    for event in travelled.heard:
        heard[event["subject"]].append(event["event"])

    of_request = heard.pop(travelled.ids["PortRequest"])
    # The letter is printed and sealed beside everything else.
    of_request.remove("porting.letter_sealed.v1")
    assert of_request == REQUEST_HEARS
    assert heard.pop(travelled.ids["PortOut"]) == PORT_OUT_HEARS
    assert heard.pop(travelled.ids["TrackingNumber"]) == CALLED_NUMBER_HEARS
    assert list(heard.values()) == [["numbers.number_ported_in.v1"]] * (len(NUMBERS) - 1)
    assert {event["event"] for event in travelled.heard} >= THE_FIVE


async def test_each_event_brings_the_fields_of_the_other_services(travelled, ada):
    for event in travelled.heard:
        assert event["account"]["name"] == ada.name
        if event["subject"] == travelled.ids["PortRequest"]:
            assert event["portRequest"]["name"] == "Our three numbers"
        elif event["subject"] == travelled.ids["PortOut"]:
            assert event["portOut"]["gainingCarrier"] == "Northern Telephone"
        else:
            number = event["trackingNumber"]
            assert number["phoneNumber"] in NUMBERS
            assert number["company"]["name"] in ada.company_ids
            assert number["portRequest"]["name"] == "Our three numbers"


async def test_the_list_of_changes_tells_what_the_dashboard_heard(stack, travelled, ada):
    answer = await ask(
        stack.gateway_url,
        """query ($account: ID!) { statusChanges(first: 100, filter: {accountId: $account}) {
            totalCount edges { node { event subject version } } } }""",
        ada.tokens["ADMINISTRATOR"],
        account=ada.id,
    )
    listed = [edge["node"] for edge in answer["statusChanges"]["edges"]]

    heard = [(event["event"], event["subject"]) for event in travelled.heard]
    assert sorted((each["event"], each["subject"]) for each in listed) == sorted(heard)
    assert answer["statusChanges"]["totalCount"] == len(heard)
    versions = [(each["subject"], each["version"]) for each in listed]
    assert len(set(versions)) == len(versions)


MAILED = {
    "letter_signed",
    "port_submitted",
    "port_sent_to_carrier",
    "port_approved",
    "port_completed",
    "port_out_received",
    "port_out_authorized",
    "port_out_scheduled",
    "port_out_ported",
    "port_out_confirmed",
}


async def test_people_are_mailed_each_stage_once(stack, travelled):
    mails = """
        SELECT message
        FROM mail_notices
        JOIN notices USING (notice_id)
        JOIN mails USING (mail_id)
        WHERE subject = ANY($1)
          AND member_id = (
            SELECT requester_id
            FROM notices
            WHERE message = 'port_submitted' AND subject = $2
          )
    """
    request = travelled.ids["PortRequest"]
    subjects = [request, travelled.ids["PortOut"]]

    async def is_all_told() -> bool:
        return len(await select(stack, "notifications", mails, subjects, request)) >= len(
            MAILED
        )

    await until(is_all_told)

    told = [
        row["message"]
        for row in await select(stack, "notifications", mails, subjects, request)
    ]
    assert sorted(told) == sorted(MAILED)


@pytest.mark.parametrize("service", SERVICES)
async def test_published_events_count_without_a_gap_for_each_subject(
    stack, travelled, service
):
    async def is_published() -> bool:
        return not await select(stack, service, "SELECT FROM outbox")

    await until(is_published)

    gaps = await select(
        stack,
        service,
        """
        SELECT source, subject
        FROM event_log
        GROUP BY source, subject
        HAVING min(sequence) <> 1
          OR max(sequence) <> count(*)
          OR count(DISTINCT sequence) <> count(*)
        """,
    )

    assert gaps == []


@pytest.mark.parametrize("service", SERVICES)
async def test_everything_that_was_received_is_applied(stack, travelled, service):
    unapplied = "SELECT subject, type, reason FROM inbox WHERE state <> 'applied'"

    async def is_applied() -> bool:
        return not await select(stack, service, unapplied)

    await until(is_applied)


async def test_nothing_ended_among_the_dead_letters(stack, travelled):
    async with await aio_pika.connect(stack.amqp_url) as connection:
        channel = await connection.channel()
        dead = await channel.declare_queue(DEAD_LETTERS, passive=True)

    assert dead.declaration_result.message_count == 0


async def test_a_member_resumes_their_feed_and_sees_what_each_notification_is_about(
    stack, ada, travelled
):
    told = "{ notifications(last: 2) { edges { cursor node { id } } } }"

    async def is_told():
        return len((await ask(stack.gateway_url, told, token))["notifications"]["edges"]) == 2

    token = ada.tokens["ADMINISTRATOR"]
    await until(is_told)
    newer, oldest = (await ask(stack.gateway_url, told, token))["notifications"]["edges"]
    async with open_socket(stack.gateway_url, token) as socket:
        await socket.next()
        await socket.subscribe(
            """subscription ($after: String) { notificationReceived(after: $after) {
                id title portRequest { id name } } }""",
            after=oldest["cursor"],
        )
        message = await socket.next(5)

    notification = message["payload"]["data"]["notificationReceived"]
    assert notification["id"] == newer["node"]["id"]
    assert notification["portRequest"]["id"] == travelled.ids["PortRequest"]
    assert notification["portRequest"]["name"]
