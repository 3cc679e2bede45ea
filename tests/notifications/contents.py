"""What notices tell in tests: a content with every key that any text knows."""

from collections.abc import Mapping
from typing import Any, Final

FULL: Final[Mapping[str, Any]] = {
    "account_name": "Ada's Analytical Engines",
    "answer_by": "2026-12-01T22:00:00+00:00",
    "by": "support",
    "blocked_until": "2026-12-01T22:15:00+00:00",
    "by_silence": True,
    "cause": "age",
    "code": "NUMBER_INACTIVE",
    "days": 3,
    "endpoint": "https://hooks.customer.example",
    "expires_at": "2026-12-14T15:00:00+00:00",
    "firm_date": "2026-12-08",
    "gaining_carrier": "Example Wireless",
    "is_correctable": True,
    "is_partial": True,
    "is_pin_set": True,
    "line_count": 12,
    "member_name": "Charles",
    "number_count": 12,
    "numbers": ["+12125550142", "+12125550143"],
    "reason": "Not before the move.",
    "reference": "CASE-1042",
    "request_name": "Spring move",
    "requester_name": "Manuela Manager",
    "role": "MANAGER",
    "starts_at": "2026-12-08T16:30:00+00:00",
    "status": "AWAITING_AUTHORIZATION",
    "unlocks_at": "2026-12-02T15:00:00+00:00",
}
