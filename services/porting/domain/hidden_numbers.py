"""Numbers of lines that a caller does not see, kept out of the texts that the caller reads."""

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, Final

from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.letters import Letter, LosingAccount

# The national digits of the shortest numbers that port.
_FEWEST_DIGITS: Final = 9
_MASK: Final = "•"
_OF_SIGNERS: Final = ("recipient_name", "signer_name", "decline_reason")


def may_name_number(text: str | None) -> bool:
    return sum(map(str.isdecimal, text or "")) >= _FEWEST_DIGITS


def mask_numbers(text: str, hidden: Collection[PhoneNumber]) -> str:
    """In any writing: digits count, whatever stands between them."""
    places = [place for place, sign in enumerate(text) if sign.isdecimal()]
    digits = "".join(str(unicodedata.decimal(text[place])) for place in places)
    sought = {_national_digits(number) for number in hidden}
    masked = list(text)
    for size in {len(each) for each in sought}:
        for start in range(len(digits) - size + 1):
            if digits[start : start + size] in sought:
                for place in places[start : start + size]:
                    masked[place] = _MASK
    return "".join(masked)


def mask_letter(letter: Letter, hidden: Collection[PhoneNumber]) -> Letter:
    """An account of hidden numbers alone stays as an empty one: the others keep their places."""
    subscriber = letter.subscriber
    words: dict[str, Any] = {
        name: mask_numbers(text, hidden)
        for name, text in vars(subscriber).items()
        if isinstance(text, str) and not isinstance(text, PhoneNumber)
    }
    signers: dict[str, Any] = {
        name: mask_numbers(text, hidden)
        for name, text in vars(letter).items()
        if name in _OF_SIGNERS and text
    }
    return replace(
        letter,
        subscriber=replace(
            subscriber,
            **words,
            billing_number=_unless_hidden(subscriber.billing_number, hidden),
            remaining_billing_number=_unless_hidden(
                subscriber.remaining_billing_number, hidden
            ),
        ),
        accounts=tuple(_mask_account(each, hidden) for each in letter.accounts),
        **signers,
    )


def is_hidden(account: LosingAccount, hidden: Collection[PhoneNumber]) -> bool:
    """Whether it is of hidden numbers alone."""
    return bool(account.tracking_numbers) and all(
        number in hidden for number in account.tracking_numbers
    )


def keep_hidden(
    changed: Sequence[LosingAccount],
    before: Sequence[LosingAccount],
    hidden: Collection[PhoneNumber],
) -> tuple[LosingAccount, ...]:
    """Accounts as somebody wrote them who sees none of `hidden`: those numbers stay where they are.

    One that is shown as empty may come back as empty, in its place.
    """
    own = {
        account.id: tuple(each for each in account.tracking_numbers if each in hidden)
        for account in before
    }
    unseen = [account for account in before if is_hidden(account, hidden)]
    kept: list[LosingAccount] = []
    for account in changed:
        if unseen and account == LosingAccount(id=account.id):
            kept.append(unseen.pop(0))
        else:
            numbers = (*account.tracking_numbers, *own.get(account.id, ()))
            kept.append(replace(account, tracking_numbers=numbers))
    named = {account.id for account in kept}
    left_out = [
        replace(account, tracking_numbers=own[account.id])
        for account in before
        if own[account.id] and account.id not in named
    ]
    return (*kept, *left_out)


def _mask_account(account: LosingAccount, hidden: Collection[PhoneNumber]) -> LosingAccount:
    if is_hidden(account, hidden):
        return LosingAccount(id=account.id)
    return replace(
        account,
        losing_carrier=mask_numbers(account.losing_carrier, hidden),
        account_number=mask_numbers(account.account_number, hidden),
        billing_number=_unless_hidden(account.billing_number, hidden),
        tracking_numbers=tuple(
            number for number in account.tracking_numbers if number not in hidden
        ),
    )


def _unless_hidden(
    number: PhoneNumber | None, hidden: Collection[PhoneNumber]
) -> PhoneNumber | None:
    return None if number in hidden else number


def _national_digits(number: PhoneNumber) -> str:
    """Of +1, +44 and +61: what everybody writes, with or without the country's code."""
    return number[2:] if number.startswith("+1") else number[3:]
