"""What porting's resolvers are given besides the caller and the database."""

from dataclasses import dataclass
from typing import TypeAlias

from strawberry.types import Info

from libs.common.graphql.context import Context
from services.porting.domain.signing import LinkMaker
from services.porting.domain.vault import Vault
from services.porting.integrations.files import Files, UploadLinks
from services.porting.use_cases.importing import IntakeLimits


@dataclass(frozen=True, kw_only=True)
class Room:
    files: Files
    upload_links: UploadLinks
    intake_limits: IntakeLimits
    vault: Vault
    link_maker: LinkMaker


PortingContext: TypeAlias = Context[Room]
PortingInfo: TypeAlias = Info[PortingContext, None]
