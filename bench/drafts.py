"""Drafts of one account in porting's database, as its use cases make them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, product
from urllib.parse import urlsplit

import asyncpg

from bench.rooms import service_database
from deploy.local.databases import DatabaseUrls
from deploy.local.servers import Servers
from libs.common.caller import Login, Member, Role
from libs.common.database import Database, open_database
from libs.common.ids import new_id
from libs.contracts.phone_number import PhoneNumber
from services.porting.domain.area_codes import US_OR_CANADA
from services.porting.domain.documents import DocumentKind, Upload, UploadPurpose
from services.porting.domain.letters import ServiceAddress, Subscriber
from services.porting.domain.line_rules import NewLine
from services.porting.store import documents as document_store
from services.porting.use_cases import documents, drafts, importing, letters

COMPANY = "Acme East"


def make_numbers(how_many: int, *, exchange: int) -> list[PhoneNumber]:
    """Different ones of all area codes, none of them fictional."""
    places = product(range(how_many // len(US_OR_CANADA) + 1), sorted(US_OR_CANADA))
    numbers = (PhoneNumber(f"+1{area}{exchange}{place:04d}") for place, area in places)
    return [number for number, _ in zip(numbers, range(how_many), strict=False)]


@dataclass(frozen=True, kw_only=True)
class Office:
    """An account with a company, its administrator, and a connection that may do everything."""

    urls: DatabaseUrls
    database: Database
    owner: asyncpg.Connection
    member: Member
    company_id: str

    async def add_draft(self) -> str:
        async with self.database.transaction(self.member) as connection:
            return await drafts.create_request(
                connection, self.member, company_id=self.company_id, name="Spring move"
            )

    async def add_upload(self, purpose: UploadPurpose) -> Upload:
        """Stored, as its row says."""
        now = datetime.now(UTC)
        upload = Upload(
            id=new_id("up"),
            account_id=self.member.account_id,
            purpose=purpose,
            filename="numbers.csv",
            content_type="text/csv",
            byte_size=1,
            sha256="0" * 64,
            expires_at=now + timedelta(minutes=15),
            stored_at=None,
        )
        async with self.database.transaction(self.member) as connection:
            await document_store.add_upload(connection, upload, self.member.member_id)
            await document_store.mark_stored(connection, upload.id, now)
        return upload

    async def add_full_draft(self, numbers: Sequence[PhoneNumber]) -> str:
        """Signed, with its proof: ready to be submitted."""
        request_id = await self.add_draft()
        upload = await self.add_upload(UploadPurpose.NUMBER_LIST)
        proof = await self.add_upload(UploadPurpose.DOCUMENT)
        lines = [
            NewLine(
                id=new_id("ln"),
                tracking_number=number,
                forwarding_number=PhoneNumber("+12127365000"),
                name=f"Flyer {place}",
                source="Spring",
                company_id=self.company_id,
            )
            for place, number in zip(count(1), numbers)
        ]
        async with self.database.transaction(self.member) as connection:
            await importing.replace_lines(connection, self.member, request_id, lines, upload)
            await documents.attach_document(
                connection, self.member, request_id, kind=DocumentKind.INVOICE, upload=proof
            )
            await drafts.acknowledge_warnings(connection, self.member, request_id)
            await letters.prepare_letter(connection, self.member, request_id, SUBSCRIBER)
            await letters.sign_letter(
                connection, self.member, request_id, signer_name="Ann Smith"
            )
        return request_id

    async def forget(self) -> None:
        """Everything but the account itself."""
        await self.owner.execute("TRUNCATE port_requests, uploads, outbox CASCADE")
        await self.owner.execute("VACUUM ANALYZE lines")


SUBSCRIBER = Subscriber(
    name="Acme LLC",
    is_business=True,
    service_address=ServiceAddress(
        street="1 Main Street", city="Albany", state="NY", postal_code="12207", country="US"
    ),
    authorized_person="Ann Smith",
    authorized_person_title="Owner",
    authorized_person_email="ann@example.com",
    losing_carrier="Old Telecom",
    account_number="A-1",
    billing_number=PhoneNumber("+12127365000"),
    pin_answer="N/A",
)


@asynccontextmanager
async def open_office(servers: Servers) -> AsyncIterator[Office]:
    async with service_database(servers, "porting") as urls:
        name = urlsplit(urls.database_url).path
        owner = await asyncpg.connect(
            urlsplit(servers.postgres_url)._replace(path=name).geturl()
        )
        database = await open_database(urls.database_url, "porting")
        member = Member(
            login=Login(
                issuer="https://issuer.example",
                subject="ann",
                expires_at=datetime.now(UTC) + timedelta(hours=1),
            ),
            account_id=new_id("acc"),
            member_id=new_id("mem"),
            role=Role.ADMINISTRATOR,
        )
        office = Office(
            urls=urls,
            database=database,
            owner=owner,
            member=member,
            company_id=new_id("co"),
        )
        await _found(office)
        try:
            yield office
        finally:
            await owner.close()
            await database.close()


async def _found(office: Office) -> None:
    account = office.member.account_id
    await office.owner.execute(
        "INSERT INTO accounts VALUES ($1, 'Acme', true, true, true, false, 1)", account
    )
    await office.owner.execute(
        "INSERT INTO companies VALUES ($1, $2, $3, 1)", office.company_id, account, COMPANY
    )
    await office.owner.execute(
        "INSERT INTO members VALUES ($1, $2, 'Ann', 'ADMINISTRATOR', '{}', $3, 'ann', true, 1)",
        office.member.member_id,
        account,
        office.member.login.issuer,
    )
