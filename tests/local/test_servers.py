"""Private servers: they clash with nobody, listen to nobody else, and leave nothing."""

import os
import time
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.local.guard import Guard
from deploy.local.ladder import choose_source
from deploy.local.places import RUNS
from deploy.local.postgres import LocalPostgres
from deploy.local.servers import provide_servers
from deploy.local.vhosts import create_vhost
from tests.local.observations import find_listeners, find_processes, lives, wait_until

# 127.0.0.1 and ::1 as the kernel writes them.
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}

needs_private_servers = pytest.mark.skipif(
    {choose_source("postgres"), choose_source("rabbitmq")} != {"local"},
    reason="the servers are given or in containers",
)


async def test_both_servers_answer(servers):
    connection = await asyncpg.connect(servers.postgres_url)
    is_superuser = await connection.fetchval(
        "SELECT usesuper FROM pg_user WHERE usename = user"
    )
    await connection.close()
    async with httpx.AsyncClient(base_url=servers.management_url) as management:
        overview = (await management.get("/api/overview")).raise_for_status().json()

    assert is_superuser
    assert overview["listeners"]


def test_each_virtual_host_is_another_and_goes_at_its_end(servers):
    with create_vhost(servers) as first, create_vhost(servers) as second:
        assert first != second
        name = first.rpartition("/")[2]

    with httpx.Client(base_url=servers.management_url) as management:
        assert management.get(f"/api/vhosts/{name}").status_code == 404


@needs_private_servers
def test_a_second_pair_of_servers_does_not_clash_and_leaving_takes_no_time(servers):
    with Guard() as guard:
        with provide_servers(guard) as others:
            for name in ("postgres_url", "amqp_url", "management_url"):
                assert getattr(servers, name) != getattr(others, name)
            assert servers.rabbitmq.wait_until_ready()
            begun = time.monotonic()
        assert time.monotonic() - begun < 0.5


@needs_private_servers
def test_the_servers_listen_on_the_loopback_address_only(servers):
    run = Path(f"/proc/{servers.rabbitmq.process.pid}/cwd").readlink().parent

    found = set().union(*map(find_listeners, find_processes(run)))

    assert found
    assert found <= LOOPBACK


@needs_private_servers
def test_nothing_of_the_servers_outlives_a_killed_driver(start_driver):
    driver = start_driver("""
        from deploy.local.servers import provide_servers
        with provide_servers(guard) as servers:
            print(servers.rabbitmq.process.pid, flush=True)
            time.sleep(600)
    """)
    run = Path(f"/proc/{int(driver.stdout.readline())}/cwd").readlink().parent
    pids = find_processes(run)

    driver.kill()

    assert run.parent == RUNS
    assert len(pids) > 3
    assert wait_until(lambda: not any(map(lives, pids)))
    assert wait_until(lambda: not run.exists())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts it as somebody else")
def test_root_starts_postgresql_as_another_user_where_only_root_may_enter(guard, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    postgres = LocalPostgres(guard, guard.make_folder(closed), durable=True)

    postgres.create()

    assert Path(f"/proc/{postgres.process.pid}").stat().st_uid != 0


@needs_private_servers
async def test_a_killed_postgresql_starts_again_on_its_data(guard, tmp_path):
    postgres = LocalPostgres(guard, guard.make_folder(tmp_path), durable=True)
    postgres.create()
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("CREATE TABLE kept (line text)")
    connection.terminate()

    postgres.process.kill()
    postgres.stop()
    assert postgres.start()

    connection = await asyncpg.connect(postgres.url)
    assert await connection.fetchval("SELECT count(*) FROM kept") == 0
    await connection.close()
