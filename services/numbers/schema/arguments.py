"""Arguments that several fields of numbers take, each with its description."""

from typing import Annotated, TypeAlias

import strawberry

from services.numbers.domain.tracking_numbers import NumberTab

Tab: TypeAlias = Annotated[
    NumberTab | None, strawberry.argument(description="Only this tab's numbers.")
]
Source: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Only those with exactly this source.")
]
