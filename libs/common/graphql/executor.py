"""How graphql-core executes our documents, but for what would grow with every event."""

from typing import Any

from graphql.execution import Executor
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from typing_extensions import override


class ForgetfulExecutor(StrawberryGraphQLCoreExecutionContext):
    """graphql-core 3.3.2 lets all events of a subscription share one cache of collected fields.

    Its keys are lists that are made anew for each event, so it never answers and only grows, by
    4 kB an event where a handful of objects are selected.
    """

    @override
    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}  # noqa: SLF001 - nothing public empties it
        executor._stream_usages = type(self._stream_usages)()  # noqa: SLF001
        return executor
