"""`python -m bench.webhook_receiver LISTEN_PORT`: takes every webhook; what is posted to /dead hangs."""

import asyncio
import sys
from contextlib import suppress

import uvloop

from deploy.local.listen_ports import LOOPBACK

_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
_LENGTH = b"content-length: "


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.split(_LENGTH, 1)[1].split(b"\r", 1)[0]))
            if head.startswith(b"POST /dead"):
                await asyncio.Event().wait()
            writer.write(_TAKEN)
    writer.close()


async def main(listen_port: int) -> None:
    server = await asyncio.start_server(take, LOOPBACK, listen_port)
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        uvloop.run(main(int(sys.argv[1])))
