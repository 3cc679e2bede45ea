"""Program of a test: takes lines in and stops in the middle of it, to be killed there."""

import asyncio
import json
import sys

from libs.common.caller import Role
from libs.common.database import open_database
from services.porting.domain.documents import UploadPurpose
from services.porting.store import lines
from services.porting.use_cases import importing
from tests.porting.builders import VAULT, a_line, a_member, add_upload, phone


async def stop_here(*_: object) -> None:
    print("here", flush=True)  # noqa: T201 - the test waits for it
    await asyncio.Event().wait()


async def main(told: dict[str, str]) -> None:
    database = await open_database(told["database_url"], "porting")
    member = a_member(
        Role.ADMINISTRATOR, account_id=told["account_id"], member_id=told["member_id"]
    )
    added = [a_line(told["company_id"], phone(place)) for place in range(1_000, 1_060)]
    upload = await add_upload(database, member, UploadPurpose.NUMBER_LIST)
    if told["stops"] == "between lines":
        whole = lines.add_lines

        async def add_half(connection, request_id, account_id, some) -> None:
            await whole(connection, request_id, account_id, some[:30])
            await stop_here()

        lines.add_lines = add_half
    elif told["stops"] == "after the lines":
        importing.supersede_for_lines = stop_here
    else:
        importing.save_draft = stop_here
    async with database.transaction(member) as connection:
        await importing.replace_lines(
            connection, member, VAULT, told["request_id"], added, upload
        )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
