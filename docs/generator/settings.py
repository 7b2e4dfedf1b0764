"""The page of settings: what the environment decides, and every limit."""

import msgspec

from docs.generator.markdown import code, page
from fieldstone.settings import SETTINGS, Setting, Settings

INTRODUCTION = """\
Settings are environment variables, read once at start. An empty one counts as not set; one that cannot be read
stops the start. A limit is a whole number above zero; a request that goes beyond one is refused."""


def settings_page() -> str:
    """Returns the page."""
    plain = [_section(setting) for setting in SETTINGS if not setting.limit]
    limits = [_section(setting) for setting in SETTINGS if setting.limit]
    return page("Settings", INTRODUCTION, *plain, "## Limits", *limits)


def _section(setting: Setting) -> str:
    settings = Settings()
    default = getattr(settings.limits if setting.limit else settings, setting.field)
    if setting.limit and default is None:
        return f"## {code(setting.variable)}\n\n{setting.summary}"
    shown = "nothing" if default in (None, "") else code(msgspec.to_builtins(default))
    return f"## {code(setting.variable)}\n\n{setting.summary} Unless set: {shown}."
