"""A telephone number that cannot be wrong: E.164, born once at the edge."""

import re
from typing import Any, Final, Self

import phonenumbers
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

# NPA-NXX-XXXX: area code and exchange start with 2 to 9, an area code's second digit is not 9,
# neither is an N11 code.
_NANP: Final = re.compile(
    r"""^\s*(?:\+?1[\s.-]*)?
        \(?([2-9](?!11)[0-8]\d)\)?[\s.-]*
        ([2-9](?!11)\d{2})[\s.-]*
        (\d{4})\s*$""",
    re.VERBOSE | re.ASCII,
)
_PREMIUM: Final = "+1900"
# Of each area code, 555-0100 to 555-0199.
_FICTIONAL_EXCHANGE: Final = "55501"
_LONGEST: Final = 40
_SPREADSHEET_DAMAGE: Final = re.compile(r"^\s*\d(?:[.,]\d+)?[eE]\+?\d+\s*$")


class InvalidPhoneNumberError(ValueError):
    """The sentence says what is wrong, never the whole of what was written."""


class PhoneNumber(str):
    """E.164, such as `+12125550142`; parsing takes any E.164 or national NANP writing."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if match := _NANP.match(text):
            return cls("+1%s%s%s" % match.groups())  # noqa: UP031 - twice as fast as joining
        if len(text) > _LONGEST:
            raise InvalidPhoneNumberError("This is too long for a telephone number.")
        if _SPREADSHEET_DAMAGE.match(text):
            raise InvalidPhoneNumberError(
                "A spreadsheet has rounded this number. Format the column as text, "
                "write the number again and save the file."
            )
        if not text.strip().startswith("+") or text.strip().startswith("+1"):
            raise InvalidPhoneNumberError("This is not a telephone number.")
        try:
            parsed = phonenumbers.parse(text)
        except phonenumbers.NumberParseException as error:
            raise InvalidPhoneNumberError("This is not a telephone number.") from error
        if not phonenumbers.is_possible_number(parsed):
            raise InvalidPhoneNumberError("This is not a telephone number.")
        e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        # Zeros before a prefix that is only dialled at home, and what was no +1 as it was written.
        is_itself = (
            _NANP.match(e164) if e164.startswith("+1") else phonenumbers.parse(e164) == parsed
        )
        if not is_itself:
            raise InvalidPhoneNumberError("This is not a telephone number.")
        return cls(e164)

    @property
    def is_premium(self) -> bool:
        return self.startswith(_PREMIUM)

    @property
    def is_fictional(self) -> bool:
        """Nobody owns it: for demonstrations and tests only."""
        return self.startswith("+1") and self[5:10] == _FICTIONAL_EXCHANGE

    @property
    def national_format(self) -> str:
        if self.startswith("+1"):
            return f"({self[2:5]}) {self[5:8]}-{self[8:]}"
        return phonenumbers.format_number(
            phonenumbers.parse(self), phonenumbers.PhoneNumberFormat.NATIONAL
        )

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls.parse,
            core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(str),
        )
