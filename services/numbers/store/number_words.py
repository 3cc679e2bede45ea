"""The words of the numbers' names, and how common each is in an account."""

from dataclasses import dataclass
from typing import Final

from libs.common.database import Connection

# A word that so many numbers of an account have is a common one.
MANY: Final = 1_000

# The words of what was typed, the rarest first; `found` counts up to a limit.
_FIND_WORDS = """
    SELECT word, (
      SELECT count(*)
      FROM (
        SELECT
        FROM number_words
        WHERE account_id = $1
          AND number_words.word = asked.word
        LIMIT $3
      ) AS first_found
    ) AS found
    FROM unnest(words_of($2)) AS asked (word)
    ORDER BY found, word
"""


@dataclass(frozen=True, kw_only=True)
class FoundWord:
    word: str
    is_common: bool


async def find_words(
    connection: Connection, account_id: str, text: str
) -> list[FoundWord] | None:
    """The words of a text, the rarest first; None where the account has no number for one."""
    rows = await connection.fetch(_FIND_WORDS, account_id, text, MANY)
    if not rows or not rows[0]["found"]:
        return None
    return [FoundWord(word=row["word"], is_common=row["found"] >= MANY) for row in rows]
