"""Recipients: a mail address that can be written on an envelope, or is refused."""

import re
from dataclasses import dataclass
from typing import Final, Self

import idna

# No quoted local parts: none of ours has one, and they are where header injections live.
_LOCAL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\u00a1-\U0010ffff-]{1,64}")
_LONGEST: Final = 254


class BadAddress(ValueError):
    """Never says the address: it may be a stranger's."""


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """`domain` as the DNS has it. A `local` part beyond ASCII needs a server with SMTPUTF8."""

    local: str
    domain: str

    @classmethod
    def parse(cls, text: str) -> Self:
        local, _, domain = text.strip().rpartition("@")
        if not _LOCAL.fullmatch(local) or ".." in local or local[0] == "." or local[-1] == ".":
            raise BadAddress("the part before the @ is none")
        if not local.isprintable():
            raise BadAddress("the part before the @ has a character that nobody sees")
        try:
            ascii_domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError as error:
            raise BadAddress("the part after the @ is none") from error
        if len(local) + len(ascii_domain) >= _LONGEST:
            raise BadAddress("too long")
        return cls(local=local, domain=ascii_domain)

    @property
    def address(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        return not self.local.isascii()
