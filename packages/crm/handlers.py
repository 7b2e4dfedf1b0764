"""What the actions of sales do: the conversion of a lead."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fieldstone.access.caller import system_for
from fieldstone.engine.hooks import Context
from fieldstone.engine.operation import Create, Update
from fieldstone.engine.outcome import Written
from fieldstone.errors import Conflict, Internal
from fieldstone.flows.actions.call import ActionCall
from fieldstone.registry.handlers import Handlers

DAYS_TO_CLOSE = 30
SHARE_OF_REVENUE = Decimal("0.1")
CENT = Decimal("0.01")


async def convert_lead(context: Context, call: ActionCall) -> dict[str, str | None]:
    """Makes what becomes of a lead, as its caller, and marks the lead; raises Conflict for one that is converted already."""
    lead = call.record or {}
    if lead["is_converted"]:
        raise Conflict("This lead is converted already.", details={"leadId": lead["id"]})
    account_id = call.input["accountId"] or await _make(context, "account", _account_of(lead))
    contact_id = call.input["contactId"] or await _make(context, "contact", _contact_of(lead, account_id))
    opportunity_id = None
    if call.input["createOpportunity"]:
        values = _opportunity_of(lead, account_id, contact_id, context.now)
        opportunity_id = await _make(context, "opportunity", values)
    marks = {
        "is_converted": True,
        "converted_date": context.now,
        "converted_account_id": account_id,
        "converted_contact_id": contact_id,
        "converted_opportunity_id": opportunity_id,
    }
    version = lead["version"]
    await context.execute(Update("lead", lead["id"], marks, version), system_for(context.caller))
    await context.execute(Update("lead", lead["id"], {"status": "converted"}, version + 1))
    return {
        "leadId": lead["id"],
        "accountId": account_id,
        "contactId": contact_id,
        "opportunityId": opportunity_id,
    }


async def _make(context: Context, object_name: str, values: Mapping[str, Any]) -> str:
    """Creates a record of what the lead says, and returns its id."""
    given = {name: value for name, value in values.items() if value is not None}
    made = await context.execute(Create(object_name, (given,)))
    if not isinstance(made, Written):
        raise Internal(f"{type(made).__name__} came of a create.")
    return made.ids[0]


def _account_of(lead: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": lead["company"],
        "phone": lead["phone"],
        "website": lead["website"],
        "address": lead["address"],
        "annual_revenue": lead["annual_revenue"],
    }


def _contact_of(lead: Mapping[str, Any], account_id: str) -> dict[str, Any]:
    return {
        "account": account_id,
        "first_name": lead["first_name"],
        "last_name": lead["last_name"],
        "title": lead["title"],
        "email": lead["email"],
        "phone": lead["phone"],
    }


def _opportunity_of(lead: Mapping[str, Any], account_id: str, contact_id: str, now: str) -> dict[str, Any]:
    revenue = lead["annual_revenue"]
    return {
        "name": f"{lead['company']} - Deal",
        "account": account_id,
        "contact": contact_id,
        "stage": "prospecting",
        "amount": None if revenue is None else (revenue * SHARE_OF_REVENUE).quantize(CENT),
        "close_date": (date.fromisoformat(now[:10]) + timedelta(days=DAYS_TO_CLOSE)).isoformat(),
    }


HANDLERS = Handlers(actions={"convert_lead": convert_lead})
