"""Links to a file or a list: short-lived, and only for the viewer for whom they were made."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from libs.common.caller import Login, Member, Support

LONGEST_LIFE: Final = timedelta(minutes=5)
_METHOD: Final = "GET"
_SUPPORT: Final = "support."
_LONGEST_VIEWER: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Link:
    """As it came: nothing of it is to be believed before `is_good` says so."""

    thing: str
    shown: str
    viewer: str
    expires: str
    signature: str


class DownloadLinks:
    """Signed over what is shown, the viewer, and the time until which they hold.

    `folder` is the first part of their path: `/documents/doc_1/file?…`.

    A browser opens a link without a token, so the link names the viewer: a member by their id,
    and is signed over login and account too, which are ours to look up; somebody of support by
    their login.
    """

    def __init__(self, public_url: str, secret: str, folder: str) -> None:
        self._base = f"{public_url.rstrip('/')}/{folder}"
        self._secret = secret.encode()

    def make(self, thing: str, shown: str, viewer: Member | Support) -> str:
        """It never outlives the token that it was asked with."""
        until = min(datetime.now(UTC) + LONGEST_LIFE, viewer.login.expires_at)
        expires, name = str(int(until.timestamp())), _name(viewer)
        signature = self._sign(thing, shown, name, viewer, expires)
        query = urlencode({"viewer": name, "expires": expires, "signature": signature})
        return f"{self._base}/{thing}/{shown}?{query}"

    def is_good(self, link: Link, viewer: Member | Support) -> bool:
        """`viewer` is who the link names, as our rows have them now."""
        right = self._sign(link.thing, link.shown, link.viewer, viewer, link.expires)
        if not hmac.compare_digest(right.encode(), link.signature.encode(errors="replace")):
            return False
        return datetime.now(UTC).timestamp() <= int(link.expires)

    def _sign(
        self, thing: str, shown: str, name: str, viewer: Member | Support, expires: str
    ) -> str:
        account_id = viewer.account_id if isinstance(viewer, Member) else ""
        signed = [
            _METHOD, thing, shown, name, viewer.login.issuer, viewer.login.subject,
            account_id, expires,
        ]  # fmt: skip
        return hmac.new(self._secret, json.dumps(signed).encode(), hashlib.sha256).hexdigest()


def support_named(viewer: str) -> Support | None:
    """Who of support a link names; None where it names a member, or nobody."""
    if not viewer.startswith(_SUPPORT) or len(viewer) > _LONGEST_VIEWER:
        return None
    try:
        issuer, subject = json.loads(base64.urlsafe_b64decode(viewer.removeprefix(_SUPPORT)))
    except (binascii.Error, ValueError, TypeError):
        return None
    return Support(
        login=Login(issuer=str(issuer), subject=str(subject), expires_at=datetime.now(UTC))
    )


def _name(viewer: Member | Support) -> str:
    if isinstance(viewer, Member):
        return viewer.member_id
    login = json.dumps([viewer.login.issuer, viewer.login.subject]).encode()
    return _SUPPORT + base64.urlsafe_b64encode(login).decode()
