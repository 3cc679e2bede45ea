"""What a draft still lacks or has wrong: all of it at once, told before and at submission (S54).

Each fault names a part of the request, `("portRequest", …)`, by its names in the graph.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from libs.common.sight import Sight
from libs.contracts.phone_number import PhoneNumber
from libs.contracts.refusals import Refusal
from services.porting.domain.countries import BY_SUPPORT, country_of
from services.porting.domain.documents import PROOFS, DocumentKind
from services.porting.domain.line_rules import Obstacle
from services.porting.domain.refusals.accounts import (
    AccountHasNoCard,
    AccountInTrial,
    AccountIsDisabled,
    AccountNotInGoodStanding,
    AccountPastDue,
)
from services.porting.domain.refusals.documents import ProofMissing
from services.porting.domain.refusals.letters import CountryLetterMissing
from services.porting.domain.refusals.lines import (
    ForwardingLoop,
    LinesMissing,
    NumberClaimed,
    NumberIsOurs,
    NumberOfAnotherCountry,
    NumberRefusal,
)
from services.porting.domain.refusals.requests import WarningsNotAcknowledged
from services.porting.domain.requests import PortRequest
from services.porting.domain.warnings import ALL_WARNINGS
from services.porting.store.copies import Account
from services.porting.store.submission_grounds import SubmissionGrounds
from services.porting.use_cases.letters import faults_of_letter


def list_missing(
    request: PortRequest, grounds: SubmissionGrounds, sight: Sight
) -> list[Refusal]:
    """Of a draft. Numbers that `sight` hides are not named."""
    missing = _faults_of_account(grounds.account)
    if not grounds.companies:
        missing.append(LinesMissing().at("portRequest", "lines"))
    missing += _faults_of_documents(request, grounds.document_kinds)
    missing += faults_of_letter(grounds.letter, grounds.lines)
    if not set(ALL_WARNINGS) <= set(request.warnings_acknowledged):
        missing.append(WarningsNotAcknowledged().at("portRequest", "warnings"))
    return missing + _place_numbers(
        _faults_of_numbers(request, grounds), grounds.companies, sight
    )


def _faults_of_account(account: Account | None) -> list[Refusal]:
    """S5 to S8, each with its own code; and whether it is disabled."""
    if account is None:
        return [AccountHasNoCard().at("portRequest", "account", "cardOnFile")]
    stands: dict[str, tuple[bool, Callable[[], Refusal]]] = {
        "cardOnFile": (account.card_on_file, AccountHasNoCard),
        "balanceCurrent": (account.balance_current, AccountPastDue),
        "inGoodStanding": (account.in_good_standing, AccountNotInGoodStanding),
        "inTrial": (not account.in_trial, AccountInTrial),
        "disabledAt": (not account.is_disabled, AccountIsDisabled),
    }
    return [
        refuse().at("portRequest", "account", field)
        for field, (is_good, refuse) in stands.items()
        if not is_good
    ]


def _faults_of_documents(
    request: PortRequest, attached: frozenset[DocumentKind]
) -> list[Refusal]:
    faults: list[Refusal] = []
    if not attached & PROOFS:
        faults.append(ProofMissing().at("portRequest", "documents"))
    if request.country in BY_SUPPORT and DocumentKind.LETTER not in attached:
        faults.append(CountryLetterMissing().at("portRequest", "documents"))
    return faults


_OBSTACLES: Final[Mapping[Obstacle, type[NumberRefusal]]] = {
    Obstacle.OURS: NumberIsOurs,
    Obstacle.CLAIMED: NumberClaimed,
    Obstacle.LOOP: ForwardingLoop,
}


def _faults_of_numbers(
    request: PortRequest, grounds: SubmissionGrounds
) -> list[tuple[type[NumberRefusal], str]]:
    """They were free when they were taken in; others may have been faster."""
    faults = [(_OBSTACLES[obstacle], str(number)) for number, obstacle in grounds.obstacles]
    faults += [
        (NumberOfAnotherCountry, number) for number in _of_others(request, grounds.companies)
    ]
    return faults


def _of_others(request: PortRequest, numbers: Iterable[PhoneNumber]) -> Iterable[PhoneNumber]:
    """Self-service takes +1 only, and has looked at each when it was taken in."""
    for number in numbers:
        if request.country in BY_SUPPORT:
            if country_of(number) is not request.country:
                yield number
        elif not number.startswith("+1"):
            yield number


def _place_numbers(
    faults: Iterable[tuple[type[NumberRefusal], str]],
    companies: Mapping[PhoneNumber, str],
    sight: Sight,
) -> list[Refusal]:
    hidden = {
        number
        for number, company_id in companies.items()
        if sight.company_ids is not None and company_id not in sight.company_ids
    }
    placed: list[Refusal] = []
    for refusal, text in faults:
        number = PhoneNumber(text)
        # A forwarding number may stand on a hidden line as well.
        if number in hidden or (hidden and number not in companies):
            placed.append(refusal(None).at("portRequest", "lines"))
        else:
            placed.append(refusal(number).at("portRequest", "lines", number))
    return placed
