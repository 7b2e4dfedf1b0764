"""Kind `app`: what faces offer somebody who works with an app: entries that lead to objects, dashboards, actions and addresses.

Not to be taken for a deployment, which is the file `app.yaml` of a folder of its own (`kinds/app.py`).
"""

from typing import Annotated, ClassVar

import msgspec

from fieldstone.kinds.declaration import CapabilityName, Declared, Kind, Name

_ADDRESS = "An address is a path such as `/help`, or begins with `https://` or `http://`."
Address = Annotated[
    str, msgspec.Meta(pattern=r"^(/([!-.0-\[\]-~][!-~]*)?|https?://[!-~]+)$", max_length=2000, description=_ADDRESS)
]


class Entry(Declared, frozen=True, kw_only=True, tag_field="type"):
    """The keys of every entry. Whoever may not know what an entry leads to is not shown the entry."""

    noun: ClassVar[str] = "entry"

    id: Name
    """By what translations find it; new within the app."""
    label: str | None = None
    """What people read; that of what it leads to unless given."""
    icon: str | None = None
    """The name of an icon."""
    required_permissions: tuple[CapabilityName, ...] = ()
    """Capabilities without which the entry is not there, all of them."""


class ObjectEntry(Entry, frozen=True, kw_only=True, tag="object"):
    """Leads to the records of an object."""

    object: Name
    """The object."""
    view: Name | None = None
    """The view of it that is shown first."""


class DashboardEntry(Entry, frozen=True, kw_only=True, tag="dashboard"):
    """Leads to a dashboard."""

    dashboard: Name
    """The dashboard."""


class ActionEntry(Entry, frozen=True, kw_only=True, tag="action"):
    """Calls an action that needs no record."""

    action: str
    """The action; behind that of its object where it has one: `ticket.close_old`."""


class UrlEntry(Entry, frozen=True, kw_only=True, tag="url"):
    """Leads to an address."""

    url: Address
    """A path on this server, or a whole address."""


class GroupEntry(Entry, frozen=True, kw_only=True, tag="group"):
    """Entries under one heading; not there when none of them is."""

    children: Annotated[tuple[ObjectEntry | DashboardEntry | ActionEntry | UrlEntry, ...], msgspec.Meta(min_length=1)]
    """The entries; no groups among them."""


AnyEntry = ObjectEntry | DashboardEntry | ActionEntry | UrlEntry | GroupEntry


class NavigationDeclaration(Declared, frozen=True, kw_only=True):
    """What faces offer somebody who works with an app, in order; an app of which somebody may see no entry is not there for him."""

    elsewhere: ClassVar[dict[str, str]] = {
        "packages": "A deployment is the file `app.yaml`, in a folder of its own.",
        "database": "A deployment is the file `app.yaml`, in a folder of its own.",
    }

    name: Name
    """The name, new among all apps; as in the file's name."""
    label: str | None = None
    """What people call it."""
    description: str | None = None
    """What it is for."""
    icon: str | None = None
    """The name of an icon."""
    required_permissions: tuple[CapabilityName, ...] = ()
    """Capabilities without which the app is not there, all of them."""
    navigation: Annotated[tuple[AnyEntry, ...], msgspec.Meta(min_length=1)]
    """The entries, in their order."""


NAVIGATION = Kind(
    name="app", plural="apps", struct=NavigationDeclaration, summary="What faces offer somebody who works with an app"
)
