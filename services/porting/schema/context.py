"""What porting's resolvers are given besides the caller and the database."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from strawberry.types import Info

from libs.common.child_process import ChildProcesses
from libs.common.download_links import DownloadLinks
from libs.common.graphql.context import Context
from libs.common.vault import Vault
from services.porting.domain.port_out_shield import COOLING_OFF
from services.porting.domain.signing import LinkMaker
from services.porting.integrations.files import Files, UploadLinks
from services.porting.use_cases.document_files import DocumentIntake
from services.porting.use_cases.importing import IntakeLimits


@dataclass(frozen=True, kw_only=True)
class Room:
    files: Files
    upload_links: UploadLinks
    download_links: DownloadLinks
    children: ChildProcesses
    document_intake: DocumentIntake
    intake_limits: IntakeLimits
    vault: Vault
    link_maker: LinkMaker
    port_out_cooling_off: timedelta = COOLING_OFF


PortingContext: TypeAlias = Context[Room]
PortingInfo: TypeAlias = Info[PortingContext, None]
