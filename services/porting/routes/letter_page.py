"""A signer's page: plain HTML without a script, for whoever opens the link of a mail."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

PAGE_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
}
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "dt{font-weight:600}dd{margin:0 0 .5rem}ul{columns:3}fieldset{margin:1.5rem 0}"
    "label{display:block;margin:.5rem 0}input[type=text],textarea{width:100%;font:inherit}"
    "button{font:inherit;padding:.4rem 1rem}"
)


def letter_page(shown: Mapping[str, Any], path: str) -> str:
    """`path` is the link's own; everything else was written by others and is escaped."""
    content, consent = shown["content"], shown["consent"]
    subscriber = content["subscriber"]
    address = ", ".join(part for part in subscriber["service_address"].values() if part)
    fields = {
        "Subscriber": subscriber["name"],
        "Service address": address,
        "Authorized person": subscriber["authorized_person"],
        "Title": subscriber["authorized_person_title"],
    }
    return _page(
        "Letter of Authorization",
        _fields(fields),
        *[part for page in content["pages"] for part in _losing_account(page)],
        f'<form method="post" action="{escape(path)}/sign"><fieldset><legend>Sign</legend>',
        f'<input type="hidden" name="consentVersion" value="{escape(consent["version"])}">',
        f"<p>{escape(consent['text'])}</p>",
        '<label><input type="checkbox" name="consent" required> I agree</label>',
        '<label>Your name <input type="text" name="signerName" required maxlength="200" '
        f'autocomplete="name" value="{escape(shown["signer"]["name"])}"></label>',
        "<button>Sign this letter</button></fieldset></form>",
        f'<form method="post" action="{escape(path)}/decline"><fieldset>',
        "<legend>Do not sign</legend>",
        '<label>Why <textarea name="reason" required maxlength="500"></textarea></label>',
        "<button>Decline</button></fieldset></form>",
    )


def notice_page(title: str, sentences: Sequence[str]) -> str:
    return _page(title, *[f"<p>{escape(sentence)}</p>" for sentence in sentences])


def _losing_account(page: Mapping[str, Any]) -> list[str]:
    fields = {
        "Losing carrier": page["losing_carrier"],
        "Account number": page["account_number"],
        "Billing telephone number": page["billing_number"],
    }
    numbers = "".join(f"<li>{escape(number)}</li>" for number in page["numbers"])
    return [
        f"<h2>{len(page['numbers'])} telephone numbers</h2>",
        _fields(fields),
        f"<ul>{numbers}</ul>",
    ]


def _fields(fields: Mapping[str, str]) -> str:
    each = (
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in fields.items()
    )
    return f"<dl>{''.join(each)}</dl>"


def _page(title: str, *parts: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{''.join(parts)}</main></body></html>"
    )
