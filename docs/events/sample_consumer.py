"""Prints each port's news once and in order; takes AMQP_URL, keeps what it worked in ports.db."""

import asyncio
import json
import os
import sqlite3

import aio_pika

TYPES = ["porting.port_submitted.v1", "porting.port_approved.v1", "porting.port_completed.v1"]
TABLES = """CREATE TABLE IF NOT EXISTS worked (id PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS newest (source, subject, sequence, PRIMARY KEY (source, subject))"""
ADD = "INSERT OR IGNORE INTO worked VALUES (?)"
RAISE = """INSERT INTO newest VALUES (?, ?, ?) ON CONFLICT DO UPDATE
    SET sequence = excluded.sequence WHERE excluded.sequence > newest.sequence"""


def work(database: sqlite3.Connection, event: dict) -> None:
    with database:  # one transaction
        is_new = database.execute(ADD, [event["id"]]).rowcount
        place = event["source"], event["subject"], int(event["sequence"])
        if is_new and database.execute(RAISE, place).rowcount:
            print(event["type"], *place[1:], event["data"]["status"], flush=True)


async def main() -> None:
    database = sqlite3.connect("ports.db")
    database.executescript(TABLES)
    async with await aio_pika.connect_robust(os.environ["AMQP_URL"]) as connection:
        queue = await (await connection.channel()).declare_queue("sample.ports", durable=True)
        for type_ in TYPES:
            await queue.bind("portline.events", type_)
        async for message in queue:
            async with message.process(requeue=True):  # acknowledged after the work
                work(database, json.loads(message.body))


asyncio.run(main())
