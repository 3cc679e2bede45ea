"""The carrier emulator's adapter: its HTTP API, its callbacks, and its words made ours."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final, Literal, TypeAlias

import httpx
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain import carriers
from services.porting.domain.carriers import Cancellation, CarrierMessage, Order
from services.porting.integrations.carriers.protocol import (
    Answer,
    CallbackRefused,
    CallbackUnreadable,
    CarrierUnreachable,
    Heard,
    OrderState,
    Taken,
    TurnedDown,
)
from services.porting.integrations.carriers.signatures import ID, Signatures

_PlainWord: TypeAlias = carriers.Accepted | carriers.ActivationStarted | carriers.Cancelled

_TIMEOUT_S: Final = 10.0
# The carrier understood, and says no; whatever else is not a success may be one the next time.
_SAYS_NO: Final = frozenset({400, 409, 422})
_HIDDEN: Final = "***"
_PLAIN: Final[Mapping[str, type[_PlainWord]]] = {
    "accepted": carriers.Accepted,
    "activation": carriers.ActivationStarted,
    "cancelled": carriers.Cancelled,
}


def _without_controls(text: str) -> str:
    return "".join(each for each in text if each.isprintable() or each == "\n")


_Id = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+$")]
_Code = Annotated[str, Field(max_length=64, pattern=r"^[\x21-\x7e]+$")]
_Text = Annotated[str, Field(max_length=1_000), AfterValidator(_without_controls)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


class _Said(_Wire):
    id: _Id
    order: _Id
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    said_at: AwareDatetime
    numbers: Annotated[list[PhoneNumber], Field(min_length=1, max_length=50_000)] | None = None


class _FirmDate(_Said):
    type: Literal["firm_date"]
    firm_date: date


class _Rejected(_Said):
    type: Literal["rejected"]
    code: _Code
    text: _Text


class _Ported(_Said):
    type: Literal["ported"]
    ported_at: AwareDatetime


class _Conflict(_Said):
    type: Literal["conflict"]
    code: _Code
    text: _Text


class _Plain(_Said):
    type: Literal["accepted", "activation", "cancelled"]


_Message = Annotated[
    _FirmDate | _Rejected | _Ported | _Conflict | _Plain, Field(discriminator="type")
]
_MESSAGE: Final[TypeAdapter[_Message]] = TypeAdapter(_Message)


class _OrderTaken(_Wire):
    last_modified: Annotated[str, Field(max_length=100)]


class _OrderShown(_OrderTaken):
    is_over: bool
    said: Annotated[list[_Message], Field(max_length=10_000)]


class _TurnedDown(_Wire):
    said: _Rejected


class Emulator:
    """`client` only in tests: there the emulator is in the same process."""

    name: Final = "emulator"

    def __init__(
        self, url: str, secret: str, *, client: httpx.AsyncClient | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._signatures = Signatures(secret)
        self._client = client or httpx.AsyncClient(timeout=_TIMEOUT_S)

    async def send_order(self, order: Order) -> Answer:
        return await self._tell("PUT", f"/orders/{order.reference}", order)

    async def send_supplement(self, order: Order) -> Answer:
        return await self._tell("POST", f"/orders/{order.reference}/supplements", order)

    async def send_cancellation(self, cancellation: Cancellation) -> Answer:
        return await self._tell(
            "POST", f"/orders/{cancellation.reference}/cancellations", cancellation
        )

    async def look_at(self, reference: str) -> OrderState:
        answer = await self._ask("GET", f"/orders/{reference}", b"", f"{reference}:look")
        try:
            shown = _OrderShown.model_validate_json(answer.content)
        except ValidationError as error:
            raise CarrierUnreachable("unreadable answer") from error
        return OrderState(
            last_modified=shown.last_modified,
            is_over=shown.is_over,
            said=[
                Heard(message=_canonical(said), raw=said.model_dump_json(by_alias=True))
                for said in shown.said
            ],
        )

    def check_callback(self, headers: Mapping[str, str]) -> None:
        if not self._signatures.is_recent(headers):
            raise CallbackRefused("no recent timestamp")

    def read_callback(self, headers: Mapping[str, str], body: bytes) -> Heard:
        if not self._signatures.is_good(headers, body):
            raise CallbackRefused("wrong signature")
        try:
            said = _MESSAGE.validate_json(body)
        except ValidationError as error:
            raise CallbackUnreadable("not the agreed form") from error
        if said.id != headers[ID]:
            raise CallbackUnreadable("two ids")
        return Heard(message=_canonical(said), raw=body.decode())

    async def close(self) -> None:
        await self._client.aclose()

    async def _tell(self, method: str, path: str, told: Cancellation) -> Answer:
        body = json.dumps(_wire_form(told)).encode()
        answer = await self._ask(method, path, body, told.key)
        shown = _hide_pin(told)
        sent = json.dumps(_wire_form(shown))
        try:
            if answer.status_code in _SAYS_NO:
                said = _TurnedDown.model_validate_json(answer.content).said
                rejection = _canonical(said)
                assert isinstance(rejection, carriers.Rejected)
                return TurnedDown(rejection=rejection, sent=sent, answer=answer.text)
            taken = _OrderTaken.model_validate_json(answer.content)
        except ValidationError as error:
            raise CarrierUnreachable("unreadable answer") from error
        return Taken(last_modified=taken.last_modified, sent=sent)

    async def _ask(self, method: str, path: str, body: bytes, key: str) -> httpx.Response:
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            **self._signatures.headers_for(key, body),
        }
        try:
            answer = await self._client.request(
                method, f"{self._url}{path}", content=body, headers=headers
            )
        except httpx.HTTPError as error:
            raise CarrierUnreachable(type(error).__name__) from error
        if not answer.is_success and answer.status_code not in _SAYS_NO:
            raise CarrierUnreachable(f"status {answer.status_code}")
        return answer


def _hide_pin(told: Cancellation) -> Cancellation:
    return replace(told, pin=_HIDDEN) if isinstance(told, Order) and told.pin else told


def _wire_form(told: Cancellation) -> dict[str, Any]:
    form: dict[str, Any] = {
        "order": told.reference,
        "version": told.version,
        "numbers": list(told.numbers),
    }
    if not isinstance(told, Order):
        return form
    subscriber = told.subscriber
    address = subscriber.service_address
    return {
        **form,
        "letter": told.letter_reference,
        "pin": told.pin,
        "subscriber": {
            "name": subscriber.name,
            "isBusiness": subscriber.is_business,
            "serviceAddress": {to_camel(key): text for key, text in vars(address).items()},
            "authorizedPerson": subscriber.authorized_person,
            "losingCarrier": subscriber.losing_carrier,
            "accountNumber": subscriber.account_number,
            "billingNumber": subscriber.billing_number,
        },
    }


def _canonical(said: _Message) -> CarrierMessage:
    common: dict[str, Any] = {
        "message_id": said.id,
        "reference": said.order,
        "version": said.version,
        "said_at": said.said_at,
        "numbers": None if said.numbers is None else tuple(said.numbers),
    }
    match said:
        case _FirmDate():
            return carriers.FirmDateGiven(**common, firm_date=said.firm_date)
        case _Ported():
            return carriers.Ported(**common, ported_at=said.ported_at)
        case _Rejected():
            return carriers.Rejected(**common, code=said.code, text=said.text)
        case _Conflict():
            return carriers.ConflictRaised(**common, code=said.code, text=said.text)
        case _Plain():
            return _PLAIN[said.type](**common)
