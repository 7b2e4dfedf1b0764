"""Why a sign-in with a provider came to nothing: the code that the page is given, and what the log is told."""

from typing import Literal

Reason = Literal[
    "state_mismatch",
    "access_denied",
    "provider_error",
    "provider_unavailable",
    "invalid_token",
    "email_not_verified",
    "account_not_linked",
    "account_linked_elsewhere",
    "account_not_active",
    "signup_disabled",
    "domain_not_allowed",
]
"""Every code that a page may be given; none holds a word of the provider's."""


class Refused(Exception):
    """A sign-in that ends here; never leaves the flow."""

    def __init__(self, reason: Reason, cause: str = "") -> None:
        super().__init__(f"{reason}: {cause}")
        self.reason: Reason = reason
        self.cause = cause
