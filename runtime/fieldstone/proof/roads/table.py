"""The table of roads: by which ways of asking each route leads to data, and which routes lead to none.

Data routes get their roads by their operation, so that a new one has them at once; every other handler is named here, with its roads or
with the reason for which it has none. `test_roads.py` holds the table against the routes that are mounted.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from fieldstone.engine.operation import (
    Across,
    Aggregate,
    Batch,
    CancelRun,
    Clone,
    Create,
    Delete,
    Explain,
    Export,
    Get,
    Import,
    Invoke,
    Once,
    Read,
    ReadHistory,
    ReadRun,
    ReadShares,
    ReplayRun,
    Restore,
    ResumeRun,
    Search,
    SendMail,
    ShareRecord,
    StartFlow,
    StartImport,
    Together,
    UnshareRecord,
    Update,
    Work,
)
from fieldstone.kinds.api import DataOperation
from fieldstone.proof.mount import Mount
from fieldstone.proof.roads import (
    action_roads,
    export_roads,
    field_roads,
    group_roads,
    hit_roads,
    import_roads,
    many_roads,
    member_roads,
    nested_roads,
    object_roads,
    past_roads,
    path_roads,
    record_roads,
    search_roads,
    share_roads,
    trash_roads,
    view_roads,
    write_roads,
)
from fieldstone.proof.trip import Road
from fieldstone.registry.catalog import Object
from fieldstone.registry.policy_test import Sentence, Verb
from fieldstone.surfaces.rest.table import Route

Deed = tuple[Verb, Literal["record", "object", "field"]]
"""What a sentence is about."""

Roads = Mapping[Deed, tuple[Road, ...]]
Address = tuple[str, str]
"""A method and a path template with its base path."""

DATA_ROADS: Mapping[DataOperation, Roads] = {
    "get": {
        ("reads", "record"): record_roads.GET_ROADS + nested_roads.RECORD_ROADS + past_roads.GET_ROADS,
        ("reads", "field"): field_roads.GET_ROADS + nested_roads.FIELD_ROADS + past_roads.GET_FIELD_ROADS,
        ("reads", "object"): object_roads.GET_ROADS,
    },
    "list": {
        ("reads", "record"): (
            *(record_roads.LIST_ROADS + nested_roads.RECORD_ROADS),
            *(past_roads.LIST_ROADS + search_roads.LIST_ROADS + path_roads.RECORD_ROADS),
        ),
        ("reads", "field"): (
            *(field_roads.LIST_ROADS + nested_roads.FIELD_ROADS),
            *(past_roads.LIST_FIELD_ROADS + search_roads.LIST_FIELD_ROADS + path_roads.FIELD_ROADS),
        ),
        ("reads", "object"): object_roads.LIST_ROADS,
        ("finds", "record"): trash_roads.LIST_ROADS,
    },
    "query": {
        ("reads", "record"): (
            *(record_roads.QUERY_ROADS + nested_roads.RECORD_ROADS),
            *(group_roads.RECORD_ROADS + past_roads.QUERY_ROADS),
            *(search_roads.QUERY_ROADS + path_roads.RECORD_ROADS),
        ),
        ("reads", "field"): (
            *(field_roads.QUERY_ROADS + nested_roads.FIELD_ROADS),
            *(group_roads.FIELD_ROADS + search_roads.QUERY_FIELD_ROADS + path_roads.FIELD_ROADS),
        ),
        ("reads", "object"): object_roads.QUERY_ROADS,
        ("finds", "record"): trash_roads.QUERY_ROADS,
    },
    "create": {
        ("reads", "record"): record_roads.CREATE_ROADS,
        ("reads", "field"): field_roads.CREATE_ROADS,
        ("writes", "field"): write_roads.SET_IN_CREATE,
        ("creates", "object"): write_roads.CREATE_ROADS + many_roads.TRIED_ROADS,
    },
    "create_many": {("creates", "object"): many_roads.CREATE_MANY_ROADS},
    "update_many": {("updates", "record"): many_roads.UPDATE_MANY_ROADS},
    "delete_many": {("deletes", "record"): many_roads.DELETE_MANY_ROADS},
    "across": {
        ("creates", "object"): many_roads.ACROSS_CREATE_ROADS,
        ("updates", "record"): many_roads.ACROSS_UPDATE_ROADS,
        ("deletes", "record"): many_roads.ACROSS_DELETE_ROADS,
    },
    "import": {
        ("reads", "record"): record_roads.BATCH_ROADS + import_roads.RECORD_ROADS,
        ("reads", "field"): field_roads.IMPORT_ROADS + import_roads.FIELD_ROADS,
        ("writes", "field"): write_roads.SET_IN_IMPORT,
        ("updates", "record"): import_roads.UPDATE_ROADS,
        ("creates", "object"): import_roads.CREATE_ROADS,
    },
    "import_job": {("reads", "field"): field_roads.IMPORT_JOB_ROADS + import_roads.JOB_ROADS},
    "export": {
        ("reads", "record"): export_roads.RECORD_ROADS,
        ("reads", "field"): export_roads.FIELD_ROADS,
        ("reads", "object"): export_roads.OBJECT_ROADS,
    },
    "history": {
        ("reads", "record"): past_roads.HISTORY_ROADS,
        ("reads", "field"): past_roads.HISTORY_FIELD_ROADS,
    },
    "restore": {
        ("updates", "record"): past_roads.RESTORE_ROADS,
        ("restores", "record"): trash_roads.RESTORE_ROADS,
    },
    "shares": {
        ("reads", "record"): share_roads.READ_BY_SHARES,
        ("shares", "record"): share_roads.SHARES_ROADS,
    },
    "share": {
        ("reads", "record"): share_roads.READ_BY_SHARE,
        ("shares", "record"): share_roads.SHARE_ROADS,
    },
    "unshare": {
        ("reads", "record"): share_roads.READ_BY_UNSHARE,
        ("revokes", "record"): share_roads.UNSHARE_ROADS,
    },
    "clone": {("reads", "record"): many_roads.CLONE_ROADS},
    "update": {
        ("reads", "field"): field_roads.UPDATE_ROADS,
        ("writes", "field"): write_roads.SET_IN_UPDATE,
        ("updates", "record"): write_roads.UPDATE_ROADS,
    },
    "delete": {
        ("reads", "record"): record_roads.DELETE_ROADS,
        ("deletes", "record"): write_roads.DELETE_ROADS,
        ("purges", "record"): trash_roads.PURGE_ROADS,
    },
    "batch": {
        ("reads", "record"): record_roads.BATCH_ROADS,
        ("reads", "field"): field_roads.BATCH_ROADS,
        ("writes", "field"): write_roads.SET_IN_BATCH,
        ("updates", "record"): write_roads.BATCH_UPDATE_ROADS,
        ("deletes", "record"): write_roads.BATCH_DELETE_ROADS,
        ("creates", "object"): write_roads.BATCH_CREATE_ROADS,
    },
}

OPERATIONS: Mapping[type, tuple[DataOperation, ...]] = {
    Read: ("list", "query"),
    Aggregate: ("query",),
    Search: (),
    Export: ("export",),
    Explain: ("list", "query"),
    Get: ("get",),
    ReadHistory: ("history",),
    ReadShares: ("shares",),
    ShareRecord: ("share",),
    UnshareRecord: ("unshare",),
    Restore: ("restore",),
    Create: ("create", "create_many"),
    Update: ("update",),
    Delete: ("delete",),
    Import: ("import",),
    StartImport: ("import_job",),
    Batch: ("batch", "update_many", "delete_many"),
    Across: ("across",),
    Clone: ("clone",),
    Once: ("create",),
    SendMail: (),
    Invoke: (),
    Together: (),
    StartFlow: (),
    ReadRun: (),
    CancelRun: (),
    ResumeRun: (),
    ReplayRun: (),
    Work: (),
}
"""Which data operations of a surface reach each Operation of the door; none does those of handlers, of flows and of the system."""

_DOCUMENT: Roads = {
    ("reads", "object"): object_roads.DOCUMENT_ROADS,
    ("reads", "field"): object_roads.FIELD_IN_DOCUMENT_ROADS,
    ("writes", "field"): object_roads.WRITTEN_IN_DOCUMENT_ROADS,
}

ACTION_ROADS: Roads = {("reads", "record"): action_roads.CALL_ROADS}
"""The roads of a route that names an action."""

HANDLER_ROADS: Mapping[str, Roads] = {
    "actions.call": ACTION_ROADS,
    "meta.items": {
        ("reads", "object"): object_roads.META_LIST_ROADS,
        ("reads", "field"): (*object_roads.META_LIST_ROADS, *view_roads.VIEW_LIST_ROADS),
    },
    "meta.item": {
        ("reads", "object"): object_roads.META_ROADS,
        ("reads", "field"): object_roads.META_ROADS,
    },
    "meta.member": {("reads", "field"): member_roads.MEMBER_ROADS},
    "meta.references": {
        ("reads", "object"): member_roads.REFERENCES_OF_OBJECT_ROADS,
        ("reads", "field"): member_roads.NAMED_BY_FIELD_ROADS,
    },
    "meta.member_references": {("reads", "field"): member_roads.MEMBER_ROADS},
    "search": {
        ("reads", "record"): hit_roads.RECORD_ROADS,
        ("reads", "field"): hit_roads.FIELD_ROADS,
        ("reads", "object"): hit_roads.OBJECT_ROADS,
    },
    "openapi.document": _DOCUMENT,
    "auth.permissions": {
        ("reads", "object"): object_roads.RIGHTS_ROADS,
        ("reads", "field"): object_roads.RIGHTS_ROADS,
        ("writes", "field"): object_roads.RIGHTS_ROADS,
    },
    "security.explain": {("reads", "object"): object_roads.EXPLAIN_ROADS},
    "security.explain_by_parameters": {("reads", "object"): object_roads.EXPLAIN_BY_PARAMETERS_ROADS},
    "auth.create_key": {("creates", "object"): write_roads.MINT_ROADS},
}
"""The roads of a handler's routes, by the handler's name."""

NO_DATA: Mapping[str, str] = {
    "discovery.full": "It lists the routes themselves, which are the same for everybody.",
    "discovery.reduced": "It says where the surface begins, to everybody alike.",
    "openapi.docs": "A fixed page; it fetches the OpenAPI document as whoever looks at it.",
    "openapi.docs_asset": "Files out of a package, by a closed list of names.",
    **dict.fromkeys(
        ("meta.put", "meta.delete", "meta.put_member", "meta.delete_member", "meta.history", "meta.rollback"),
        "It is for whoever changes metadata in the deployment's own organisation, and reaches no record; tests/live has its refusals.",
    ),
    "meta.reload": "It is for administrators in the deployment's own organisation, and reaches no record; tests/live has its refusals.",
    "meta.types": "It lists the kinds of declarations, not what is declared.",
    "imports.jobs": "A read of `sys_import_job` by the door as whoever asks; tests/surfaces/test_import_jobs.py has its refusals.",
    "imports.job": "A job is found by the policy of `sys_import_job`; tests/surfaces/test_import_jobs.py has its refusals.",
    "imports.results": "Of a job that is found by the policy of `sys_import_job`; tests/surfaces/test_import_jobs.py has its refusals.",
    "imports.cancel": "A job is found by the policy of `sys_import_job`; tests/surfaces/test_import_jobs.py has its refusals.",
    "imports.undo": "Deletions and changes by the door as whoever asks; tests/surfaces/test_import_jobs.py has its refusals.",
    "flows.start": "Its steps are operations by the door as whoever asks, or as the flow declares; tests/flows has its refusals.",
    "flows.runs": "A read of `sys_automation_run` by the door as whoever asks; tests/flows has its refusals.",
    "flows.run": "A run is found by the policy of `sys_automation_run`; tests/flows has its refusals.",
    "flows.cancel": "A run is found by the policy of `sys_automation_run`; tests/flows has its refusals.",
    "flows.resume": "A run is found by the policy of `sys_automation_run`; tests/flows has its refusals.",
    "flows.screen": "A run is found by the policy of `sys_automation_run`; tests/flows has its refusals.",
    "flows.replay": "A run is found by the policy of `sys_automation_run`; tests/flows has its refusals.",
    "email.send": "It sends what its body holds and reads no record; tests/surfaces has its refusals.",
    "auth.config": "It says how one may sign in, to everybody alike.",
    "auth.get_session": "It answers with the user whose credential was sent, and with no other record.",
    "auth.sign_in": "It answers with the user whose password was sent; tests/identity has its refusals.",
    "auth.enable_two_factor": "It answers with a new secret of whoever asks; tests/identity has its refusals.",
    "auth.disable_two_factor": "It turns off the second factor of whoever asks, and answers with no record.",
    "auth.generate_backup_codes": "It answers with new codes of whoever asks; tests/identity has its refusals.",
    "auth.verify_totp": "It answers with the user who has signed in; tests/identity has its refusals.",
    "auth.verify_backup_code": "It answers with the user who has signed in; tests/identity has its refusals.",
    "auth.delete_user": "It deletes the user who asks, and answers with no record; tests/identity has its refusals.",
    "auth.hand_over": "Each step is an Update of an owner as whoever asks; tests/identity has its refusals.",
    "auth.sign_in_social": "It answers with an address at a declared provider, and with no record.",
    "auth.oidc_callback": "It signs in whom a provider vouches for; tests/surfaces has its refusals.",
    "auth.link_social": "It answers with an address at a declared provider, and with no record.",
    "auth.list_accounts": "It answers with the linked accounts of whoever asks; tests/surfaces has its refusals.",
    "auth.unlink_account": "It ends a link of whoever asks, and answers with no record.",
    "auth.device_code": "It answers with new codes; tests/surfaces has its refusals.",
    "auth.device_token": "It answers with a key of whoever let the device in; tests/surfaces has its refusals.",
    "auth.device": "It answers with a declared program that waits under a code that was typed in.",
    "auth.approve_device": "It lets a device in as whoever asks, and answers with no record.",
    "auth.deny_device": "It turns a device away, and answers with no record.",
    "auth.sign_up": "It makes a user without any grant; tests/identity has its refusals.",
    "auth.forget_password": "One answer to everybody; tests/surfaces has its refusals.",
    "auth.return_to_reset": "It sends a browser on to a page of this server, and tells whether a token holds.",
    "auth.reset_password": "It changes the account to which a token went by mail, and answers with no record.",
    "auth.change_password": "It answers with the user whose session was sent; tests/surfaces has its refusals.",
    "auth.send_verification": "One answer to everybody; tests/surfaces has its refusals.",
    "auth.verify_email": "It answers with the user to whom a token went by mail; tests/surfaces has its refusals.",
    "auth.change_email": "One answer whatever the address; tests/surfaces has its refusals.",
    "auth.update_user": "It changes the account whose session was sent, and answers with no record.",
    "auth.sign_out": "It ends the session whose credential was sent, and answers with no record.",
    "auth.list_sessions": "It answers with the sessions of whoever asks; tests/identity has its refusals.",
    "auth.revoke_session": "It ends a session of whoever asks; tests/identity has its refusals.",
    "auth.revoke_sessions": "It ends the sessions of whoever asks, and answers with no record.",
    "auth.revoke_other_sessions": "It ends sessions of whoever asks, and answers with no record.",
    "organization.list": "It answers with the organisations of whoever asks; tests/scenarios has its refusals.",
    "organization.create": "It makes an organisation with its maker in it; tests/scenarios has its refusals.",
    "organization.check_slug": "It tells whether a short name is taken; tests/scenarios has its refusals.",
    "organization.set_active": "It changes the session that was sent; tests/scenarios has its refusals.",
    "organization.full": "Each part of it is a read by the door as whoever asks, or his own membership.",
    "organization.update": "An update by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.delete": "It ends an organisation without records; tests/scenarios has its refusals.",
    "organization.leave": "It ends a membership of whoever asks; tests/scenarios has its refusals.",
    "organization.list_members": "Reads by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.active_member": "It answers with the membership of whoever asks, and with no other record.",
    "organization.update_role": "An update by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.remove_member": "A deletion by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.invite": "It sends a mail and makes an invitation; tests/scenarios has its refusals.",
    "organization.list_invitations": "A read by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.cancel_invitation": "It finds an invitation by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.get_invitation": "It answers with what a token was sent for; tests/scenarios has its refusals.",
    "organization.accept_invitation": "It makes whoever holds a token a member; tests/scenarios has its refusals.",
    "organization.reject_invitation": "It ends an invitation of whoever holds its token; tests/scenarios has its refusals.",
    "organization.list_teams": "A read by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.create_team": "A create by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.update_team": "An update by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.remove_team": "A deletion by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.list_team_members": "A read by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.add_team_member": "A create by the door as whoever asks; tests/scenarios has its refusals.",
    "organization.remove_team_member": "A deletion by the door as whoever asks; tests/scenarios has its refusals.",
}
"""Handlers that lead to no data, each with the reason."""

IN_NUMBER: frozenset[DataOperation] = frozenset({"batch", "create_many", "update_many", "delete_many", "across"})


def address(route: Route) -> Address:
    """Returns how the tables name a route."""
    return route.declaration.method, route.template


def roads_over(route: Route) -> Roads:
    """Returns the roads of a route; none of one that leads to no data."""
    declared = route.declaration
    if declared.action is not None:
        return ACTION_ROADS
    if declared.operation is not None:
        return DATA_ROADS.get(declared.operation, {})
    return HANDLER_ROADS.get(str(declared.handler), {})


def roads_of(mount: Mount, sentence: Sentence, subject: Object) -> Iterator[tuple[Route, Road]]:
    """Yields every road of a surface by which a sentence about an object can be walked, where the object takes part in it."""
    bulk = "bulk" in subject.offered
    kind: Literal["record", "object", "field"] = "record" if sentence.row else "field" if sentence.field else "object"
    for route in mount.table.routes:
        if route.object is not None and route.object.object.name != subject.name:
            continue
        operation = route.declaration.operation
        if operation in IN_NUMBER and not bulk:
            continue
        for road in roads_over(route).get((sentence.verb, kind), ()):
            if road.leads(mount, route):
                yield route, road
