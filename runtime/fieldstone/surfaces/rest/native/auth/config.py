"""The handler that tells how one may sign in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from fieldstone.surfaces.http.request import Response
from fieldstone.surfaces.rest.handlers import json_answer
from fieldstone.surfaces.rest.native.auth.service import SignIn
from fieldstone.surfaces.rest.table import Call, HandlerPart


class EmailPassword(msgspec.Struct, rename="camel"):
    """What signing in with a password allows."""

    enabled: bool
    disable_sign_up: bool
    require_email_verification: bool


class SocialProvider(msgspec.Struct):
    """A provider with which one may sign in, and what people call it."""

    id: str
    name: str
    enabled: bool = True
    type: str = "oidc"


class AuthConfig(msgspec.Struct, rename="camel"):
    """How one may sign in."""

    email_password: EmailPassword
    social_providers: list[SocialProvider]
    features: dict[str, bool]


async def _config(service: SignIn, _call: Call) -> Response:
    by_password = EmailPassword(
        enabled=True,
        disable_sign_up=not service.auth.sign_up,
        require_email_verification=service.auth.require_email_verification,
    )
    mails = service.means.links is not None
    features = {"passwordReset": mails, "emailChange": mails, "twoFactor": True, "organization": True}
    providers = [SocialProvider(one.name, one.label or one.name) for one in service.auth.oidc]
    return json_answer(AuthConfig(email_password=by_password, social_providers=providers, features=features))


CONFIG_HANDLERS: Mapping[str, HandlerPart[Any]] = {
    "auth.config": HandlerPart(_config, "How one may sign in", answer=AuthConfig),
}
"""Handlers over a `SignIn`."""
