"""When two ways to write a company's name mean the same company."""

import re
import unicodedata
from typing import Final

# Unicode's Default_Ignorable_Code_Point: nobody sees them.
_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def company_key(name: str) -> str:
    """Equal for names that differ only in case, spaces, Unicode form or what nobody sees."""
    key = unicodedata.normalize("NFKC", _INVISIBLE.sub("", name)).casefold()
    return " ".join(unicodedata.normalize("NFKC", _INVISIBLE.sub("", key)).split())
