"""Breaches: faults of one line each behind which an attack of the attack suite comes through."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from fieldstone.access import policies
from fieldstone.access.caller import Caller
from fieldstone.app_overlays import OverlaySwap
from fieldstone.engine import read
from fieldstone.identity.credential import Credential
from fieldstone.identity.identity import Identity
from fieldstone.query import cursor
from fieldstone.query.ast import EVERYTHING
from fieldstone.query.viewpoint import Related, Viewpoint
from fieldstone.registry.catalog import Catalog, Object
from fieldstone.services.meta.authority import Authority
from fieldstone.store.interface import Row
from fieldstone.store.sql_store import SqlStore
from fieldstone.surfaces.rest import face
from tests.saboteurs.faults import Switch, allow_all, refuse_nothing, replaced


class Breach(msgspec.Struct, frozen=True):
    """A fault, and the attack that it lets through."""

    name: str
    switch: Switch
    attack: str


def _known_once_and_for_all(real: Callable[..., Awaitable[Caller]]) -> Callable[..., Awaitable[Caller]]:
    known: dict[Credential | None, Caller] = {}

    async def caller(identity: Identity, credential: Credential | None) -> Caller:
        if credential not in known:
            known[credential] = await real(identity, credential)
        return known[credential]

    return caller


def _at_any_epoch(real: Callable[..., Awaitable[list[Row]]]) -> Callable[..., Awaitable[list[Row]]]:
    return lambda store, statement, binds: real(store, statement, msgspec.structs.replace(binds, epoch=None))


def _seen_as_a_whole(real: Callable[..., Viewpoint]) -> Callable[..., Viewpoint]:
    def whole(related: Related | None) -> Related | None:
        return None if related is None else msgspec.structs.replace(related, rows=EVERYTHING)

    def viewpoint(*arguments: Any) -> Viewpoint:
        view = real(*arguments)
        return msgspec.structs.replace(view, related=lambda name: whole(view.related(name)))

    return viewpoint


def _nothing_masked(_real: Any) -> Callable[..., dict[str, Any]]:
    return lambda *_arguments: {}


def _all_fields(_real: Any) -> Callable[..., frozenset[str]]:
    def fields(subject: Object, *_arguments: Any, **_more: Any) -> frozenset[str]:
        return frozenset(subject.fields)

    return fields


def _always_the_same(_real: Any) -> Callable[..., str]:
    return lambda *_arguments: "signed"


def _as_it_was(_real: Any) -> Callable[..., Awaitable[Catalog]]:
    async def compiled(_swap: OverlaySwap, base: Catalog, _overlays: Any) -> Catalog:
        return base

    return compiled


BREACHES = (
    Breach(
        "callers_kept_over_an_epoch",
        replaced(Identity, "caller", _known_once_and_for_all),
        "a_key_that_answers_after_the_right_is_gone",
    ),
    Breach("reads_at_any_epoch", replaced(SqlStore, "fetch", _at_any_epoch), "a_list_after_the_right_is_gone"),
    Breach("paths_without_policy", replaced(read, "viewpoint", _seen_as_a_whole), "along_a_path_to_it"),
    Breach("masks_dropped", replaced(policies, "masked_fields", _nothing_masked), "comparing_a_masked_field"),
    Breach("all_fields_writable", replaced(policies, "writable_fields", _all_fields), "making_with_what_is_shown_only"),
    Breach("routes_for_all", replaced(face, "_require_rights", refuse_nothing), "sending_mails_without_the_right"),
    Breach("cursors_unsigned", replaced(cursor, "_signature", _always_the_same), "a_cursor_of_another"),
    Breach("layers_for_all", replaced(Authority, "require_writer", refuse_nothing), "the_layers_of_an_object"),
    Breach("rights_by_metadata", replaced(Authority, "require_for", refuse_nothing), "granting_oneself_by_metadata"),
    Breach("overlays_uncompiled", replaced(OverlaySwap, "compiled", _as_it_was), "metadata_that_does_not_compile"),
    Breach("any_origin", replaced(face, "is_same_origin", allow_all), "a_write_from_nowhere"),
)
"""Each breach lets its attack through, which comes to nothing without it."""
