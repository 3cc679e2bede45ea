"""What the resolvers are given besides the caller and the database."""

from dataclasses import dataclass, field
from typing import TypeAlias

from strawberry.types import Info

from libs.common.download_links import DownloadLinks
from libs.common.graphql.context import Context
from services.numbers.use_cases.number_changes import ChangeRules


@dataclass(frozen=True, kw_only=True)
class Room:
    download_links: DownloadLinks
    change_rules: ChangeRules = field(default_factory=ChangeRules)


NumbersContext: TypeAlias = Context[Room]
NumbersInfo: TypeAlias = Info[NumbersContext, None]
