"""Policies as values: found again, made of filters alone, and whole for the system."""

from pathlib import Path

import msgspec
import pytest

from fieldstone.access.caller import ANONYMOUS, SYSTEM, Caller, system_in
from fieldstone.access.capabilities import capabilities
from fieldstone.access.policies import Policies
from fieldstone.query.ast import EVERYTHING, NOTHING, CallerValue, Exists, Term, conjunction
from fieldstone.registry.catalog import Catalog
from fieldstone.registry.record_share import SHARES
from tests.worlds import load_world

WALL = Term("organization_id", "eq", CallerValue("organization_id"))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder: Path = tmp_path_factory.mktemp("office")
    return load_world("office", folder)


def holding(*sets: str, user: str = "me") -> Caller:
    return Caller(frozenset(sets), {"id": user, "organization_id": "here"})


def test_callers_with_the_same_sets_share_one_policy(catalog: Catalog) -> None:
    policies = Policies(catalog)
    mine = policies.policy(holding("note_reader", "note_clerk", user="me"), "note", "read")
    assert policies.policy(holding("note_clerk", "note_reader", user="you"), "note", "read") is mine
    assert policies.policy(holding("note_clerk"), "note", "read") is not mine


def test_a_policy_holds_no_value_of_a_caller(catalog: Catalog) -> None:
    rows = Policies(catalog).policy(holding("note_writer", user="me"), "note", "read").rows
    assert "'me'" not in repr(rows)
    assert "'here'" not in repr(rows)


def test_modify_all_leaves_the_wall_and_nothing_else(catalog: Catalog) -> None:
    assert Policies(catalog).policy(holding("note_chief", "note_clerk"), "note", "update").rows == WALL


def test_a_child_holds_the_filter_of_its_parent(catalog: Catalog) -> None:
    policies = Policies(catalog)
    caller = holding("project_worker")
    above = policies.policy(caller, "project", "read").rows
    task = policies.policy(caller, "task", "read").rows
    assert task == conjunction(WALL, Exists("project", "project", "id", above))
    assert policies.policy(caller, "step", "read").rows == conjunction(WALL, Exists("task", "task", "id", task))


def test_shares_are_asked_for_only_where_there_may_be_some(catalog: Catalog) -> None:
    policies = Policies(catalog)
    unknown = holding("project_worker")
    alone, with_some, elsewhere = (
        msgspec.structs.replace(unknown, shared=frozenset(names)) for names in ((), ("project",), ("note",))
    )
    for name in ("project", "task", "step"):
        asking, silent = policies.policy(with_some, name, "read"), policies.policy(alone, name, "read")
        assert SHARES in repr(asking.rows)
        assert SHARES not in repr(silent.rows)
        assert policies.policy(unknown, name, "read") is asking
        assert policies.policy(elsewhere, name, "read") is silent


def test_without_the_right_the_rest_is_empty(catalog: Catalog) -> None:
    policy = Policies(catalog).policy(ANONYMOUS, "note", "update")
    assert not policy.allowed
    assert not policy.readable
    assert not policy.writable
    assert not policy.shape.fields
    assert policy.rows == policy.check == NOTHING


@pytest.mark.parametrize("caller", [SYSTEM, system_in("here")])
def test_the_system_stands_above_the_wall_and_reads_what_nobody_does(catalog: Catalog, caller: Caller) -> None:
    for action in ("read", "create", "update", "delete"):
        policy = Policies(catalog).policy(caller, "sys_session", action)
        assert policy.allowed
        assert policy.rows == policy.check == EVERYTHING
        assert {"token_hash", "id", "version"} <= policy.readable & policy.writable
        assert "token_hash" in policy.shape.fields


def test_the_shape_names_readable_fields_in_their_declared_order(catalog: Catalog) -> None:
    shape = Policies(catalog).policy(holding("note_clerk"), "note", "read").shape
    assert list(shape.fields) == [n for n in catalog.objects["note"].fields if n not in ("secret", "hashed")]


def test_capabilities_are_the_union_of_those_of_the_sets(catalog: Catalog) -> None:
    assert capabilities(catalog, ["speaker", "query_explainer", "no_such_set"]) == {"ai:chat", "query:explain"}
    assert capabilities(catalog, ["note_chief", "reader_of_all"]) == frozenset()


def test_who_reaches_every_record_has_what_stays_within_an_organisation(catalog: Catalog) -> None:
    within = {name for name, item in catalog.capabilities.items() if item.scope == "org"}
    assert capabilities(catalog, ["everything"]) == within
    assert within < capabilities(catalog, ["admin_full_access"]) == catalog.capabilities.keys()


def test_a_set_that_is_not_active_gives_no_capability_and_no_right(catalog: Catalog) -> None:
    assert capabilities(catalog, ["pensioner"]) == frozenset()
    assert not Policies(catalog).policy(holding("pensioner"), "note", "read").allowed
