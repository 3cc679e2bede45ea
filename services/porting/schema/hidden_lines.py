"""What is read is shown without the numbers of companies that the caller does not see.

Who may see a request sees its status, its papers and its history, and of its lines those of their
own companies: no text, count, page or file tells them of the others.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from libs.common.caller import Caller, Member
from libs.common.database import Connection
from libs.common.sight import sight_of
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.carrier_orders import CarrierOrder
from services.porting.domain.documents import Document, is_withheld
from services.porting.domain.faults import Fault
from services.porting.domain.hidden_numbers import mask_letter, mask_numbers, may_name_number
from services.porting.domain.history import HistoryEntry
from services.porting.domain.letters import Letter
from services.porting.domain.requests import PortRequest
from services.porting.domain.support_cases import CaseMessage, SupportCase
from services.porting.store.hidden_lines import find_hidden_numbers, find_mixed_requests

Dataclass = TypeVar("Dataclass")


@dataclass(frozen=True, kw_only=True)
class Curtain:
    """`mixed` requests have lines that the viewer does not see; `hidden` are their numbers.

    `viewer_id` is None for who sees every company: then nothing is withheld.
    """

    viewer_id: str | None = None
    mixed: Collection[str] = ()
    hidden: Mapping[str, Collection[PhoneNumber]] = field(default_factory=dict)

    def show_request(self, request: PortRequest) -> PortRequest:
        return self._mask(request, request.id, "name", "decline_reason", "fault_remedy")

    def show_entry(self, entry: HistoryEntry) -> HistoryEntry:
        """Counts are of all lines: of a mixed request they are left out."""
        if entry.port_request_id not in self.mixed:
            return entry
        counted = replace(entry, line_counts={})
        return self._mask(counted, entry.port_request_id, "reason")

    def show_fault(self, fault: Fault) -> Fault:
        names = ("carrier_text", "correction", "remedy")
        return self._mask(fault, fault.port_request_id, *names)

    def show_letter(self, letter: Letter) -> Letter:
        hidden = self.hidden.get(letter.port_request_id)
        return mask_letter(letter, hidden) if hidden else letter

    def show_order(self, order: CarrierOrder) -> CarrierOrder:
        hidden = self.hidden.get(order.port_request_id)
        if not hidden:
            return order
        key = self._mask(order.key, order.port_request_id, "losing_carrier", "losing_account")
        if key.billing_number in hidden:
            key = replace(key, billing_number=None)
        shown = replace(order, key=key)
        return self._mask(shown, order.port_request_id, "carrier_reference")

    def show_document(self, document: Document) -> Document:
        if self.viewer_id is None:
            return document
        request_id = document.port_request_id
        withheld = is_withheld(document, self.viewer_id, is_mixed=request_id in self.mixed)
        shown = replace(
            document,
            is_withheld=withheld,
            review=self._mask(document.review, request_id, "refusal_text"),
        )
        return self._mask(shown, request_id, "filename")

    def show_case(self, case: SupportCase) -> SupportCase:
        hidden = self.hidden.get(case.port_request_id or "", ())
        numbers = tuple(number for number in case.numbers if number not in hidden)
        return self._mask(replace(case, numbers=numbers), case.port_request_id, "subject")

    def show_message(self, message: CaseMessage, request_id: str | None) -> CaseMessage:
        return self._mask(message, request_id, "body")

    def _mask(self, shown: Dataclass, request_id: str | None, *names: str) -> Dataclass:
        hidden = self.hidden.get(request_id or "")
        if not hidden:
            return shown
        texts = {name: getattr(shown, name) for name in names}
        masked: Any = {
            name: mask_numbers(text, hidden) for name, text in texts.items() if text
        }
        return replace(shown, **masked)  # type: ignore[type-var] # every caller's is one


async def draw_curtain(
    connection: Connection,
    caller: Caller,
    request_ids: Iterable[str | None],
    texts: Iterable[str | None] | None = None,
) -> Curtain:
    """The numbers are read only where one of `texts`, which are to be shown, may name some."""
    sight = sight_of(caller)
    if sight is None or sight.company_ids is None or not isinstance(caller, Member):
        return Curtain()
    asked = {request_id for request_id in request_ids if request_id is not None}
    mixed = await find_mixed_requests(connection, asked, sight.company_ids)
    hidden: Mapping[str, Collection[PhoneNumber]] = {}
    if mixed and (texts is None or any(map(may_name_number, texts))):
        hidden = await find_hidden_numbers(connection, mixed, sight.company_ids)
    return Curtain(viewer_id=caller.member_id, mixed=mixed, hidden=hidden)


async def before_requests(
    connection: Connection, caller: Caller, requests: Sequence[PortRequest]
) -> Curtain:
    texts = [
        text
        for request in requests
        for text in (request.name, request.decline_reason, request.fault_remedy)
    ]
    return await draw_curtain(connection, caller, [each.id for each in requests], texts)


async def before_cases(
    connection: Connection, caller: Caller, cases: Sequence[SupportCase]
) -> Curtain:
    texts = [text for case in cases for text in (case.subject, *case.numbers)]
    return await draw_curtain(
        connection, caller, [each.port_request_id for each in cases], texts
    )
