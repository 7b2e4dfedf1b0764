"""Roads of sharing: a record opened to somebody, its shares told of and taken back, by whoever it is up to.

Sentences say `with to=ann, level=edit`; without that, the record is shared for reading with the first colleague there is.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from fieldstone.proof.mount import Listing
from fieldstone.proof.rehearsal import Effect
from fieldstone.proof.roads.write_roads import judge
from fieldstone.proof.stage import ABSENT
from fieldstone.proof.trip import ALLOWED, CLOSED, REFUSED, Leak, Road, Trip, Verdict
from fieldstone.proof.wire import Answer
from fieldstone.registry.record_share import RECIPIENTS, SHARES

KINDS = {target: kind for kind, target in RECIPIENTS.items()}
"""How a recipient's object is named in a share."""


def _body(trip: Trip) -> dict[str, Any]:
    said = dict(trip.sentence.values)
    name = said.get("to") or _colleague(trip)
    target, recipient_id = trip.stage.ids.get(name, ("sys_user", ABSENT))
    level = said.get("level", "read")
    return {
        "recipientType": KINDS[target],
        "recipientId": trip.shown(recipient_id, target),
        "accessLevel": level,
        "reason": "said so",
    }


def _colleague(trip: Trip) -> str:
    """Returns the first user who works where the record is."""
    test = trip.stage.test
    place = test.rows[str(trip.sentence.row)].at if trip.sentence.row in test.rows else "here"
    return next(who for who, user in test.users.items() if user.at == place)


def _share(spelled: Callable[[dict[str, Any]], dict[str, Any]], **more: Any) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of one share, granted or only tried."""
    dry = "query" in more

    async def walk(trip: Trip) -> Verdict:
        if not _takes_shares(trip):
            return CLOSED
        body = spelled(_body(trip))

        async def about(record_id: str) -> Answer:
            return await trip.ask(record_id, body=body, **more)

        return await judge(trip, about, lambda _trip, effect: effect == Effect() if dry else _granted(effect))

    return walk


async def _told(trip: Trip) -> Verdict:
    """The list of shares is for those alone who may grant one."""
    if not _takes_shares(trip) or trip.sentence.values:
        return CLOSED
    pages: list[Listing] = []
    while not pages or pages[-1].cursor:
        query = {trip.mount.cursor: pages[-1].cursor} if pages and pages[-1].cursor else {}
        answer = await trip.ask(trip.id, query=query)
        if answer.status != 200:
            return await judge(trip, trip.ask, lambda _trip, _effect: False)
        pages.append(trip.mount.page(answer))
    items = [item for page in pages for item in page.items]
    here = {"record_id": trip.id, "organization_id": trip.stored["organization_id"]}
    held = [row for (name, _), row in trip.stage.stored.items() if name == SHARES and here.items() <= row.items()]
    if {item["id"] for item in items} != {row["id"] for row in held} or pages[0].total not in (None, len(held)):
        raise Leak(f"{items} are told of, and there are {held}")
    if {item["record_id"] for item in items} - {trip.shown(trip.id)}:
        raise Leak("a share of another record is told of")
    return ALLOWED


async def _revoke(trip: Trip) -> Verdict:
    """The share of the sentence, at its own record; a share that is not there gets the same refusal."""
    share = trip.stored
    places = {"object": share["object_name"], "of": share["object_name"]}

    async def about(share_id: str) -> Answer:
        return await trip.ask(share["record_id"], places={"share": share_id}, **places)

    answer = await about(trip.id)
    effect = trip.done()
    if answer.status == 204:
        if effect != Effect(gone=frozenset({(SHARES, trip.id)})):
            raise Leak(f"the end of a share did {effect}")
        return ALLOWED
    if effect != Effect():
        raise Leak(f"it was refused and yet did {effect}")
    if not await trip.sees(share["record_id"], share["object_name"]):
        absent = await trip.ask(ABSENT, places={"share": trip.id}, **places)
        shown, other = (trip.shown(at, share["object_name"]) for at in (share["record_id"], ABSENT))
        if answer.without(shown, share["record_id"]) != absent.without(other, ABSENT):
            raise Leak(f"an absent record is answered by {absent}, this one by {answer}")
    verdict = await trip.told_alike(answer, about)
    trip.nothing_done()
    return verdict


def _apart(ask: Callable[[Trip, str], Awaitable[Answer]]) -> Callable[[Trip], Awaitable[Verdict]]:
    """Returns the road of learning that a record is there by asking for something about its shares."""

    async def walk(trip: Trip) -> Verdict:
        if not _takes_shares(trip):
            return CLOSED
        answer = await ask(trip, trip.id)
        trip.done()
        other = await ask(trip, ABSENT)
        trip.nothing_done()
        if answer.status == 405:
            return CLOSED
        mine, absent = answer.without(trip.shown(trip.id), trip.id), other.without(trip.shown(ABSENT), ABSENT)
        return REFUSED if mine == absent else ALLOWED

    return walk


async def _by_its_list(trip: Trip, record_id: str) -> Answer:
    return await trip.ask(record_id)


async def _by_a_share(trip: Trip, record_id: str) -> Answer:
    return await trip.ask(record_id, body=_body(trip))


async def _by_a_revocation(trip: Trip, record_id: str) -> Answer:
    return await trip.ask(record_id, places={"share": "01HYYYYYYYYYYYYYYYYYYYYYYY"})


def _granted(effect: Effect) -> bool:
    made, changed = [name for name, _ in effect.made], [spot[0] for spot, _ in effect.changed]
    return not effect.gone and made + changed == [SHARES]


def _takes_shares(trip: Trip) -> bool:
    subject = trip.object
    return subject.api_enabled and subject.walled and subject.sharing_model in ("private", "public_read")


def _snake(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "recipient_type": body["recipientType"],
        "recipient_id": body["recipientId"],
        "access_level": body["accessLevel"],
    }


SHARE_ROADS = (
    Road("shared", _share(lambda body: body)),
    Road("shared in other words", _share(_snake)),
    Road("shared dry", _share(lambda body: body, query={"dryRun": "true"})),
)
SHARES_ROADS = (Road("shares told", _told),)
UNSHARE_ROADS = (Road("revoked", _revoke),)
READ_BY_SHARE = (Road("by a share of it", _apart(_by_a_share)),)
READ_BY_SHARES = (Road("by its shares", _apart(_by_its_list)),)
READ_BY_UNSHARE = (Road("by a revocation", _apart(_by_a_revocation)),)
