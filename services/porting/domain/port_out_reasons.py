"""The lawful reasons for refusing a port-out: a closed list, port_out_reasons.toml."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, kw_only=True)
class PortOutReason:
    """`code` is what carriers call it."""

    code: str
    name: str
    sentence: str
    remedy: str
    is_correctable: bool
    needs_note: bool


PORT_OUT_REASONS: Final[Mapping[str, PortOutReason]] = {
    code: PortOutReason(code=code, **row)
    for code, row in tomllib.loads(
        (Path(__file__).parent / "port_out_reasons.toml").read_text()
    ).items()
}


def find_port_out_reason(code: str) -> PortOutReason | None:
    return PORT_OUT_REASONS.get(code.strip())
