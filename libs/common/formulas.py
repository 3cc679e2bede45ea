"""Text that a spreadsheet would take for a formula: marked when it leaves, unmarked when it returns."""

import re
from typing import Final

# What begins one; the last four are full-width: some spreadsheets read them, too.
_BEGINS: Final = "[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]"
# Also with marks before it: so that what its writer has marked comes back unchanged.
_FORMULA: Final = re.compile(f"'*{_BEGINS}")
_MARKED: Final = re.compile(f"'+{_BEGINS}")


def with_mark(text: str) -> str:
    """An apostrophe before it says: this is text."""
    return f"'{text}" if _FORMULA.match(text) else text


def without_mark(text: str) -> str:
    return text[1:] if _MARKED.match(text) else text
