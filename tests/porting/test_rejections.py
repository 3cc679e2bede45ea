"""The table of rejection codes, against what the carriers' own lists call them."""

import pytest

from services.porting.domain.document_reviews import DocumentFault
from services.porting.domain.rejections import (
    OTHER,
    REJECTION_CODES,
    find_rejection_code,
    translate_code,
)
from services.porting.domain.requests import WaitingOn

NAMES = [
    "ACCOUNT_NUMBER_MISMATCH",
    "ACCOUNT_NUMBER_REQUIRED",
    "PIN_INVALID",
    "PIN_REQUIRED",
    "ADDRESS_MISMATCH",
    "POSTAL_CODE_MISMATCH",
    "NAME_MISMATCH",
    "UNAUTHORIZED_SIGNER",
    "ALL_DATA_MISMATCH",
    "BTN_MISMATCH",
    "BTN_PORTING_WITH_REMAINING",
    "PORT_TYPE_INCORRECT",
    "NUMBER_INACTIVE",
    "NUMBER_NOT_ON_ACCOUNT",
    "PENDING_ORDER",
    "MORE_RECENT_AUTHORIZATION",
    "PORT_FREEZE",
    "PORT_LOCK",
    "UNPAID_OR_RESTRICTED",
    "DSL_ON_LINE",
    "HUNT_GROUP",
    "CENTREX",
    "ISDN",
    "DISTINCTIVE_RING",
    "RCF",
    "FX",
    "DATE_NOT_AVAILABLE",
    "FOC_EXPIRED",
    "END_USER_NOT_READY",
    "LOA_REQUIRED",
    "LOA_ILLEGIBLE",
    "LOA_EXPIRED",
    "NOT_PORTABLE",
    "NO_COVERAGE",
    "MANUAL_ONLY",
    "SPLIT_REQUIRED",
    "TOO_MANY_NUMBERS",
    "PREPAID",
    "TAX_ID_REQUIRED",
    "CARRIER_BUSY",
    "CARRIER_OUTAGE",
    "CARRIER_HOURS",
    "SV_CONFLICT",
    "SV_FAILURE",
    "INTERNAL_PORT",
    "RESELLER_INVALID",
    "CANNOT_CANCEL",
    "CANNOT_CHANGE",
    "OTHER",
]
OURS = {"ACCOUNT_DISABLED", "FORWARDING_LOOP", "UNKNOWN_COMPANY", *DocumentFault}


def test_every_code_has_its_own_name():
    assert [name for name in REJECTION_CODES if name not in OURS] == NAMES


@pytest.mark.parametrize("code", REJECTION_CODES.values(), ids=lambda code: code.name)
def test_a_code_speaks_to_the_customer(code):
    assert code.sentence.endswith(".")
    assert code.remedy.endswith(".")
    assert code.acts in {WaitingOn.REQUESTER, WaitingOn.SIGNER, WaitingOn.SUPPORT}
    assert code.new_letter in {"yes", "no"} or code.new_letter.startswith("if ")


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("7401", "ACCOUNT_NUMBER_MISMATCH"),
        (" e17a ", "ACCOUNT_NUMBER_MISMATCH"),
        ("PASSCODE_PIN_INVALID", "PIN_INVALID"),
        ("22155", "PIN_INVALID"),
        ("7402", "ADDRESS_MISMATCH"),
        ("8D", "POSTAL_CODE_MISMATCH"),
        ("LSR_PENDING", "PENDING_ORDER"),
        ("name_mismatch", "NAME_MISMATCH"),
        ("E6g", "RCF"),
    ],
)
def test_a_carriers_own_code_is_understood(raw, name):
    assert translate_code(raw).name == name


@pytest.mark.parametrize("raw", ["", "9999", "NEVER_HEARD_OF", "É", "0" * 1_000])
def test_an_unknown_code_is_other(raw):
    assert translate_code(raw) is OTHER


@pytest.mark.parametrize("code", REJECTION_CODES.values(), ids=lambda code: code.name)
def test_whatever_a_carrier_says_leads_to_a_code_that_it_is_listed_with(code):
    for carrier, theirs in code.called.items():
        for each in theirs:
            assert each in translate_code(each).called[carrier]


@pytest.mark.requirement("S28")
def test_a_disconnected_number_recalls_the_warning():
    code = find_rejection_code("NUMBER_INACTIVE")
    assert "warning" in code.sentence
    assert "do not cancel your service" in code.sentence
