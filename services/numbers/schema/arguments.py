"""Arguments that several fields take, each with its description."""

from typing import Annotated, TypeAlias

import strawberry

from services.numbers.domain.tracking_numbers import NumberTab

First: TypeAlias = Annotated[
    int | None, strawberry.argument(description="The first so many, 25 where nothing is said.")
]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="Behind this cursor.")
]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description="The last so many.")]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="In front of this cursor.")
]
Tab: TypeAlias = Annotated[
    NumberTab | None, strawberry.argument(description="Only this tab's numbers.")
]
