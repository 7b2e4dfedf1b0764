"""Many tasks create, move, change, delete and load in bulk at once; every summary and every number is what the books say, all the time."""

import asyncio
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from fieldstone.access.caller import SYSTEM
from fieldstone.engine.operation import Across, Delete, Restore
from tests.engine.ledger import Books, compare, read_all
from tests.engine.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

TASKS = 5
ROUNDS = 4
STEPS = 10
STATES = ("draft", "posted", "void")


class Clerk:
    """One task: it works on entries of its own, and their accounts are everybody's."""

    def __init__(self, ledger: Office, books: Books, seed: int) -> None:
        self.ledger = ledger
        self.books = books
        self.random = Random(seed)
        self.caller = ledger.caller("ann", "everything")
        self.own: set[str] = set()

    async def work(self, steps: int) -> None:
        """Does one thing after the other."""
        for _ in range(steps):
            deed = self.random.choice(
                (self.create, self.create, self.change, self.change, self.delete, self.bulk, self.move_all)
            )
            await deed()

    def entry(self) -> dict[str, Any]:
        """Returns a new entry."""
        random = self.random
        accounts = [*self.books.live(self.books.accounts), None]
        return {
            "account": random.choice(accounts),
            "contra": random.choice(accounts),
            "amount": random.choice((None, Decimal(random.randint(-9_999, 99_999)) / 100)),
            "units": random.choice((None, random.randint(0, 9))),
            "state": random.choice(STATES),
            "day": random.choice((None, f"2026-03-{random.randint(1, 9):02}")),
        }

    def live(self) -> list[str]:
        """Returns those of its entries that are not in the trash."""
        return sorted(self.own & self.books.live(self.books.entries).keys())

    def keep(self, record_id: str, values: dict[str, Any]) -> None:
        """Writes down what was acknowledged."""
        self.own.add(record_id)
        self.books.entries.setdefault(record_id, {}).update(values)

    async def create(self) -> None:
        """Makes an entry."""
        values = self.entry()
        self.keep(await self.ledger.make("entry", self.caller, **values), values)

    async def change(self) -> None:
        """Changes some of an entry, its account perhaps among it."""
        for record_id in self.random.sample(self.live(), min(1, len(self.live()))):
            values = self.entry()
            kept = dict(self.random.sample(sorted(values.items(), key=str), self.random.randint(1, 5)))
            await self.ledger.update(self.caller, "entry", record_id, **kept)
            self.keep(record_id, kept)

    async def delete(self) -> None:
        """Moves an entry to the trash, and perhaps brings it back or ends it."""
        for record_id in self.random.sample(self.live(), min(1, len(self.live()))):
            await self.ledger.delete(self.caller, "entry", record_id)
            match self.random.randint(0, 2):
                case 0:
                    self.books.entries[record_id]["gone"] = record_id
                case 1:
                    await self.ledger.door.execute(Restore("entry", record_id), SYSTEM)
                case 2:
                    await self.ledger.door.execute(Delete("entry", record_id, purge=True), SYSTEM)
                    del self.books.entries[record_id]
                    self.own.discard(record_id)

    async def bulk(self) -> None:
        """Makes, upserts or changes several at once, of which one is refused."""
        rows = [self.entry() for _ in range(self.random.randint(2, 6))]
        if self.random.random() < 0.5:
            records: list[Any] = [{"data": row} for row in rows]
            records.insert(1, {"data": {"state": "no such state"}})
            rows.insert(1, {})
            result = await self.ledger.batch(self.caller, "entry", "create", records)
        else:
            ids = self.random.sample(self.live(), min(len(rows), len(self.live())))
            records = [{"id": record_id, "data": row} for record_id, row in zip(ids, rows, strict=False)]
            if not records:
                return
            result = await self.ledger.batch(self.caller, "entry", "update", records)
        for row, done in zip(rows, result.rows, strict=False):
            if done.error is None and done.id is not None:
                self.keep(done.id, row)

    async def move_all(self) -> None:
        """Moves two entries to one account, then fails: with all or by itself."""
        account = self.entry()["account"]
        ids = self.random.sample(self.live(), min(2, len(self.live())))
        atomic = self.random.random() < 0.5
        steps: list[Any] = [
            {"object": "entry", "action": "update", "id": record_id, "data": {"account": account}} for record_id in ids
        ]
        # It looks at the account, and so at its summaries, before it is refused.
        steps.append({"object": "account", "action": "update", "id": account, "data": {"name": None}})
        if ids and account is not None:
            result = await self.ledger.door.execute(Across(tuple(steps), atomic=atomic), self.caller)
            assert [row.error is None for row in result.rows] == [not atomic] * len(ids) + [False]
            for record_id in () if atomic else ids:
                self.keep(record_id, {"account": account})


async def test_every_summary_and_number_is_right_after_every_round(ledger: Office) -> None:
    random, books = Random(7), Books()
    for name in ("north", "south"):
        books.regions[await ledger.make("region", name=name)] = {}
    for number in range(4):
        region = random.choice([*books.regions, None])
        books.accounts[await ledger.make("account", name=str(number), region=region)] = {"region": region}
    clerks = [Clerk(ledger, books, seed) for seed in range(TASKS)]
    for _ in range(ROUNDS):
        await asyncio.gather(*(clerk.work(STEPS) for clerk in clerks))
        await compare(ledger, books)
        await rearrange(ledger, books, random)
        await compare(ledger, books)
    await compare_numbers(ledger, books)


async def rearrange(ledger: Office, books: Books, random: Random) -> None:
    """Does what touches everybody's entries, one thing after the other: moves, deletes and restores accounts, makes remarks."""
    region, account = random.choice(list(books.regions)), random.choice(list(books.live(books.accounts)))
    await ledger.update(SYSTEM, "account", account, region=region)
    books.accounts[account]["region"] = region
    remarks = [await ledger.make("remark", region=region) for _ in range(3)]
    books.remarks |= {remark: {"region": region} for remark in remarks[:2]}
    await ledger.delete(SYSTEM, "remark", remarks[2])
    await compare(ledger, books)
    gone = random.choice(list(books.live(books.accounts)))
    along = [key for key, entry in books.live(books.entries).items() if entry["account"] == gone]
    await ledger.delete(SYSTEM, "account", gone)
    for record in (books.accounts[gone], *(books.entries[key] for key in along)):
        record["gone"] = gone
    await compare(ledger, books)
    if random.random() < 0.5 or len(books.live(books.accounts)) < 3:
        await ledger.door.execute(Restore("account", gone), SYSTEM)
        for record in (books.accounts[gone], *(books.entries[key] for key in along)):
            del record["gone"]
    else:
        await ledger.door.execute(Delete("account", gone, purge=True), SYSTEM)
        del books.accounts[gone]
        for key, entry in list(books.entries.items()):
            if entry["account"] == gone:
                del books.entries[key]
            elif entry["contra"] == gone:
                entry["contra"] = None
    dropped = await ledger.make("region", name="short-lived")
    await ledger.update(SYSTEM, "account", account, region=dropped) if account in books.live(books.accounts) else None
    await ledger.delete(SYSTEM, "region", dropped)
    if account in books.accounts and account in books.live(books.accounts):
        books.accounts[account]["region"] = None


async def compare_numbers(ledger: Office, books: Books) -> None:
    """Asserts that no two records have one number, that numbers rise with ids made one after the other, and that none begins too low."""
    live = books.live(books.entries)
    entries = await read_all(ledger, "entry", ("number",), live)
    numbers = [entry["number"] for entry in entries.values()]
    assert len(set(numbers)) == len(live)
    counts = [(number.partition("-")[0], int(number.rpartition("-")[2])) for number in numbers]
    assert {state for state, _ in counts} <= set(STATES)
    assert min(count for _, count in counts) >= 5
    accounts = await read_all(ledger, "account", ("number",), books.live(books.accounts))
    assert [accounts[key]["number"] for key in sorted(accounts)] == sorted(a["number"] for a in accounts.values())
