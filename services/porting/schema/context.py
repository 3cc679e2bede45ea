"""What porting's resolvers are given besides the caller and the database."""

from dataclasses import dataclass
from typing import TypeAlias

from strawberry.types import Info

from libs.common.child_process import ChildProcesses
from libs.common.graphql.context import Context
from services.porting.integrations.files import Files, UploadLinks
from services.porting.use_cases.importing import IntakeLimits


@dataclass(frozen=True, kw_only=True)
class Room:
    files: Files
    upload_links: UploadLinks
    children: ChildProcesses
    intake_limits: IntakeLimits


PortingContext: TypeAlias = Context[Room]
PortingInfo: TypeAlias = Info[PortingContext, None]
