"""Work in the background at other companies: tells carriers what is due, works what they said."""

import logging
from dataclasses import dataclass, field
from typing import Final

from libs.common.database import Database, is_database_lost
from libs.common.repeating import repeat
from libs.common.vault import Vault
from services.porting.domain.carriers import Cancellation, Order, Telling
from services.porting.integrations.carriers.protocol import (
    Answer,
    Carrier,
    CarrierUnreachable,
)
from services.porting.use_cases import hearing, telling
from services.porting.use_cases.telling import Errand, Pace

log = logging.getLogger(__name__)

_POLL_S: Final = 0.5


@dataclass(kw_only=True)
class CarrierWorker:
    """Any number of them may run: each row is claimed by one."""

    database: Database
    carrier: Carrier
    pace: Pace = field(default_factory=Pace)
    vault: Vault | None = None

    async def tell(self) -> None:
        """Never returns."""
        try:
            await repeat(self.tell_one, worker="carrier", poll_s=_POLL_S)
        finally:
            await self.carrier.close()

    async def hear(self) -> None:
        """Never returns; a carrier that is slow to answer does not hold it up."""
        await repeat(self.hear_one, worker="carrier", poll_s=_POLL_S)

    async def hear_one(self) -> bool:
        """Answers whether there was one to work."""
        async with self.database.working() as connection:
            return await hearing.work_next(connection)

    async def tell_one(self) -> bool:
        """Answers whether there was one to tell, or an order to look at."""
        async with self.database.working() as connection:
            errand = await telling.take_errand(
                connection, self.carrier.name, self.pace, self.vault
            )
        if errand is None:
            return False
        try:
            await self._run(errand)
        except CarrierUnreachable as fault:
            await self._note_unreachable(errand, fault.reason)
        except Exception as fault:
            if is_database_lost(fault):
                raise
            log.exception("a carrier could not be told", extra={"action": "carrier.not_told"})
            await self._note_unreachable(errand, type(fault).__name__)
        return True

    async def _note_unreachable(self, errand: Errand, reason: str) -> None:
        async with self.database.working() as connection:
            await telling.note_unreachable(connection, errand.told, reason, self.pace)

    async def _run(self, errand: Errand) -> None:
        """The carrier is called outside of any transaction."""
        told, name = errand.told, self.carrier.name
        if errand.order is not None:
            answer = await self._tell(told.kind, errand.order)
            async with self.database.working() as connection:
                await telling.note_answer(
                    connection, told, answer, name, self.pace, self.vault
                )
        elif errand.looks:
            shown = await self.carrier.look_at(told.reference)
            async with self.database.working() as connection:
                await telling.note_state(connection, told, shown, name, self.pace, self.vault)

    async def _tell(self, kind: Telling, order: Cancellation) -> Answer:
        if not isinstance(order, Order):
            return await self.carrier.send_cancellation(order)
        if kind is Telling.SUPPLEMENT:
            return await self.carrier.send_supplement(order)
        return await self.carrier.send_order(order)
