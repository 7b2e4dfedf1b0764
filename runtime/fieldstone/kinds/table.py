"""The table of kinds. To add one: a module beside this one and its line here."""

from collections.abc import Mapping

from fieldstone.kinds.action import ACTION
from fieldstone.kinds.api import API
from fieldstone.kinds.calendar import CALENDAR
from fieldstone.kinds.dashboard import DASHBOARD
from fieldstone.kinds.declaration import Kind
from fieldstone.kinds.email_template import EMAIL_TEMPLATE
from fieldstone.kinds.flow import FLOW
from fieldstone.kinds.hook import HOOK
from fieldstone.kinds.navigation import NAVIGATION
from fieldstone.kinds.object import OBJECT
from fieldstone.kinds.package import CAPABILITY
from fieldstone.kinds.permission import PERMISSION
from fieldstone.kinds.policy_test import POLICY_TEST
from fieldstone.kinds.seed import SEED
from fieldstone.kinds.translation import TRANSLATION
from fieldstone.kinds.view import VIEW

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        OBJECT,
        PERMISSION,
        ACTION,
        HOOK,
        API,
        SEED,
        EMAIL_TEMPLATE,
        POLICY_TEST,
        CALENDAR,
        FLOW,
        VIEW,
        DASHBOARD,
        NAVIGATION,
        TRANSLATION,
    )
}
"""What is declared in a file of its own."""

TOLD: Mapping[str, Kind] = {**KINDS, CAPABILITY.name: CAPABILITY}
"""What `/meta` tells of: these, and what a package's own file declares."""
