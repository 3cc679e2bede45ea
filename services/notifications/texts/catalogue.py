"""The catalogue: what each message says, in each language, as written in words/*.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from services.notifications.domain.messages import Message

_WORDS: Final = Path(__file__).parent / "words"
_SHARED: Final = "shared"


class Locale(StrEnum):
    EN = "en"
    FR_CA = "fr-CA"

    @classmethod
    def of(cls, name: str) -> "Locale":
        """English for a language that we do not speak."""
        return cls(name) if name in {*cls} else cls.EN


@dataclass(frozen=True, kw_only=True)
class Words:
    """Templates: `title` and `body` are told everywhere, `next` follows where there is room."""

    title: str
    body: str
    next: str


@dataclass(frozen=True, kw_only=True)
class Text:
    """`needs` are the keys that a content must have; `advice` names what shared.toml adds.

    `turn` is whose turn it is: `waiting_on` where the content says it by that name, and `None`
    where its status does. `signer` is what the signer of a letter is told instead.
    """

    needs: frozenset[str]
    turn: str | None
    advice: tuple[str, ...]
    words: Mapping[Locale, Words]
    signer: "Text | None" = None


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((_WORDS / f"{name}.toml").read_text())


def _text_of(row: Mapping[str, Any]) -> Text:
    text = Text(
        needs=frozenset(row.get("needs", ())),
        turn=row.get("turn"),
        advice=tuple(row.get("advice", ())),
        words={
            locale: Words(**{part: template.strip() for part, template in row[locale].items()})
            for locale in Locale
        },
    )
    if "signer" not in row:
        return text
    to_signer = _text_of({"needs": row["needs"], "turn": row["turn"], **row["signer"]})
    return replace(text, signer=to_signer)


TEXTS: Final[Mapping[Message, Text]] = {
    Message(name): _text_of(row)
    for path in sorted(_WORDS.glob("*.toml"))
    if path.stem not in {_SHARED, "faults"}
    for name, row in _read(path.stem).items()
}
ADVICE: Final[Mapping[str, Mapping[str, str]]] = _read(_SHARED)["advice"]
TURNS: Final[Mapping[str, Mapping[str, str]]] = _read(_SHARED)["turns"]
FRAME: Final[Mapping[str, Mapping[str, str]]] = _read(_SHARED)["frame"]
GROUPS: Final[Mapping[str, Mapping[str, str]]] = _read(_SHARED)["groups"]
ROLES: Final[Mapping[str, Mapping[str, str]]] = _read(_SHARED)["roles"]
FAULTS: Final[Mapping[str, Mapping[str, str]]] = _read("faults")
