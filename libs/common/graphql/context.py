"""What every resolver is given: who asks, the database, and loaders that batch reads."""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

from strawberry.dataloader import DataLoader

from libs.common.caller import Caller, CallerResolver
from libs.common.database import Database
from libs.common.sight import NOTHING, Sight, sight_of

Room = TypeVar("Room")
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

Load: TypeAlias = "Callable[[Context[Any], list[K]], Awaitable[Sequence[V]]]"


class Context(Generic[Room]):
    """One operation's; `room` is what the service adds.

    `is_live` marks a subscription's context, which lives for hours: its loaders batch but keep
    nothing, and its caller's rights are asked anew by `callers.refresh(caller)`.
    """

    __slots__ = ("_loaders", "caller", "callers", "database", "is_live", "room")

    def __init__(
        self,
        *,
        caller: Caller,
        callers: CallerResolver,
        database: Database,
        room: Room,
        is_live: bool = False,
    ) -> None:
        self.caller = caller
        self.callers = callers
        self.database = database
        self.room = room
        self.is_live = is_live
        self._loaders: dict[Any, DataLoader[Any, Any]] = {}

    @property
    def sight(self) -> Sight:
        return sight_of(self.caller) or NOTHING

    def loader(self, load: "Load[K, V]") -> DataLoader[K, V]:
        """The one loader of this operation for `load(context, keys)`, at most 100 keys a call.

        `load` answers one value for each key, in the keys' order: `None` for what is unknown.
        """
        loader = self._loaders.get(load)
        if loader is None:

            async def load_keys(keys: list[K]) -> Sequence[V]:
                return await load(self, keys)

            loader = DataLoader(load_keys, max_batch_size=100, cache=not self.is_live)
            self._loaders[load] = loader
        return loader
