"""The page of kinds: what can be declared, every key of it."""

from pathlib import Path

import msgspec

from docs.generator.markdown import anchor, code, fenced, page, paragraph, table
from docs.generator.struct import keys_of, nested, words
from fieldstone.kinds.app import AppDeclaration
from fieldstone.kinds.package import PackageDeclaration
from fieldstone.kinds.table import KINDS
from fieldstone.registry.layout import APP_FILE, PACKAGE_FILE

ROOT = Path(__file__).parents[2]

EXAMPLES = {
    "deployment": "apps/demo/app.yaml",
    "package": "packages/desk/package.yaml",
    "object": "packages/desk/objects/ticket.object.yaml",
    "permission": "packages/desk/permissions/support_agent.permission.yaml",
    "email_template": "metadata/email_templates/verify_email.email_template.yaml",
    "flow": "packages/desk/flows/hand_over.flow.yaml",
    "calendar": "packages/desk/calendars/office_hours.calendar.yaml",
    "action": "packages/desk/actions/close.action.yaml",
    "hook": "packages/crm/hooks/close_on_the_day.hook.yaml",
    "seed": "packages/desk/seeds/customers.seed.yaml",
    "translation": "packages/desk/translations/german.translation.yaml",
    "view": "packages/desk/views/open.view.yaml",
    "dashboard": "packages/desk/dashboards/desk.dashboard.yaml",
    "app": "packages/desk/navigation/desk.app.yaml",
}
"""A real declaration of each kind; the native surface, the longest, is only pointed to."""

INTRODUCTION = f"""\
A declaration is a YAML file. `fieldstone check` refuses unknown and duplicate keys, keys that are missing, names
that lead nowhere and expressions that do not compile, all of them at once; see [faults](faults.md).

An app is a folder with `{APP_FILE}`, a package one with `{PACKAGE_FILE}`. Every other declaration is a file
`<name>.<kind>.yaml` in a package; the folder within the package is free, `name` inside and in the file's name
agree. Names of objects are global. A key without a default in the tables is nothing when it is left out."""


def kinds_page() -> str:
    """Returns the page."""
    structs: dict[str, type[msgspec.Struct]] = {"deployment": AppDeclaration, "package": PackageDeclaration}
    structs |= {kind.name: kind.struct for kind in KINDS.values()}
    forms = {kind.name: kind.forms for kind in KINDS.values()}
    sections = [_section(name, struct, forms.get(name, ())) for name, struct in structs.items()]
    return page("Kinds", INTRODUCTION, *sections)


def _section(name: str, struct: type[msgspec.Struct], forms: tuple[type[msgspec.Struct], ...]) -> str:
    file = {"deployment": APP_FILE, "package": PACKAGE_FILE}.get(name, f"<name>.{name}.yaml")
    parts = [f"## {code(name)}", f"File {code(file)}. {paragraph(struct.__doc__)}", _keys(struct)]
    inner_structs = dict.fromkeys((*forms, *nested(struct), *(inner for form in forms for inner in nested(form))))
    for inner in inner_structs:
        parts += [f"### {words(inner)}", paragraph(inner.__doc__), _keys(inner)]
    return "\n\n".join([*parts, _example(name)])


def _keys(struct: type[msgspec.Struct]) -> str:
    keys = keys_of(struct, lambda inner: f"[{words(inner).lower()}]({anchor(words(inner))})")
    return table(
        ("key", "takes", "default", "meaning"), [(code(key.name), key.type, key.default, key.meaning) for key in keys]
    )


def _example(name: str) -> str:
    if name not in EXAMPLES:
        return "An example is the native surface itself: [v1.api.yaml](../../metadata/apis/v1.api.yaml)."
    path = EXAMPLES[name]
    return f"[{path}](../../{path}):\n\n" + fenced((ROOT / path).read_text(encoding="utf-8"), "yaml")
