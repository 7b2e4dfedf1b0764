"""Policy tests: everybody and everything that they name is there, and their lines become sentences."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fieldstone.errors import Fault
from fieldstone.kinds.policy_test import ActingUser, PolicyTestDeclaration
from fieldstone.query.names import did_you_mean, meant_or_known
from fieldstone.registry.catalog import Object
from fieldstone.registry.codes import Code
from fieldstone.registry.documents import Document
from fieldstone.registry.known import Known, unknown_field
from fieldstone.registry.policy_test import Outlook, PolicyTest, Row, Sentence, SentenceFault, parse_sentence
from fieldstone.registry.record_share import LEVELS, RECIPIENTS, SHARES

NOBODY = "nobody"
"""Who asks without being signed in."""

NULL = "null"
"""In the values of a sentence: no value."""

ABSENT = "absent"
"""In a field that refers to a record: an id that no record has."""

MADE_FOR_USERS: Mapping[str, str] = {
    "": "sys_user",
    "_member": "sys_member",
    "_session": "sys_session",
    "_key": "sys_api_key",
    "_grant": "sys_user_permission_set",
}
"""The platform's own records that are made for somebody, by what follows his name in theirs."""

UNITS = "sys_business_unit"
NOWHERE = ActingUser(at="none")

_OUTLOOKS: tuple[Outlook, ...] = ("can", "cannot", "never")
_PLACES = ("here", "there")


def link_policy_tests(
    documents: Mapping[str, Document],
    objects: Known[Object],
    sets: Iterable[str],
    surfaces: Iterable[str],
) -> tuple[dict[str, PolicyTest], list[Fault]]:
    """Returns the linked tests by name and everything wrong with them."""
    linked: dict[str, PolicyTest] = {}
    faults: list[Fault] = []
    for name, document in documents.items():
        linked[name], wrong = _Linking(document, objects, frozenset(sets), frozenset(surfaces)).test()
        faults += wrong
    return linked, faults


class _Linking:
    """One test on its way; faults are gathered as they are met."""

    def __init__(
        self, document: Document, objects: Known[Object], sets: frozenset[str], surfaces: frozenset[str]
    ) -> None:
        declared: Any = document.declared
        self._declaration: PolicyTestDeclaration = declared
        self._document = document
        self._objects = objects
        self._sets = sets
        self._surfaces = surfaces
        self._users = {who: _user(entry) for who, entry in self._declaration.users.items()}
        self._people = {NOBODY, *self._users, *self._declaration.keys}
        self._rows = {name: str(entry.get("object", "")) for name, entry in self._declaration.rows.items()}
        self._shares = dict.fromkeys(self._declaration.shares, SHARES)
        self._faults: list[Fault] = []

    def test(self) -> tuple[PolicyTest, list[Fault]]:
        """Returns the test and everything wrong with it."""
        declaration = self._declaration
        self._faults += self._people_faults()
        rows = {name: self._row(name, dict(entry)) for name, entry in declaration.rows.items()}
        self._faults += self._clashes()
        self._faults += self._share_faults()
        for key, said in (("new", declaration.new), ("change", declaration.change)):
            for object_name, values in said.items():
                self._faults += self._value_faults((key, object_name), object_name, values)
        test = PolicyTest(
            name=declaration.name,
            users=self._users,
            keys=declaration.keys,
            rows=rows,
            shares=declaration.shares,
            new=declaration.new,
            change=declaration.change,
            sentences=tuple(self._sentences({**self._made(), **self._rows, **self._shares})),
            package=self._document.package,
            place=self._document.value_at(),
        )
        return test, self._faults

    def _made(self) -> dict[str, str]:
        """Returns the platform's own records by name, with their objects."""
        made = {
            f"{who}{end}": name
            for who, user in self._users.items()
            for end, name in MADE_FOR_USERS.items()
            if (user.sets or end != "_grant") and (user.at != "none" or end not in ("_member", "_key"))
        }
        return made | {f"{who}_key": "sys_api_key" for who in self._declaration.keys}

    def _people_faults(self) -> Iterator[Fault]:
        for who, user in self._users.items():
            path = ("users", who) if isinstance(self._declaration.users[who], tuple) else ("users", who, "sets")
            for number, held in enumerate(user.sets):
                if held not in self._sets:
                    hint = did_you_mean(held, self._sets)
                    yield self._fault((*path, number), f"There is no permission set `{held}`.", hint)
            yield from self._placement_faults(who, user)
        for name, key in self._declaration.keys.items():
            if key.of not in self._users:
                yield self._fault(
                    ("keys", name, "of"), f"Nobody is called `{key.of}`.", did_you_mean(key.of, self._users)
                )

    def _placement_faults(self, who: str, user: ActingUser) -> Iterator[Fault]:
        rows = self._made() | self._rows
        if (user.unit or user.manager) and user.at == "none":
            yield self._fault(("users", who, "at"), "Who is a member nowhere has no unit and no manager.", "Drop one.")
        if user.unit is not None and rows.get(user.unit) != UNITS:
            fitting = [name for name, object_name in rows.items() if object_name == UNITS]
            hint = did_you_mean(user.unit, fitting) or f"Add a row of `{UNITS}`."
            yield self._fault(("users", who, "unit"), f"`{user.unit}` is no row of `{UNITS}`.", hint)
        if user.manager is not None and self._users.get(user.manager, NOWHERE).at == "none":
            near = meant_or_known(user.manager, [name for name, other in self._users.items() if other.at != "none"])
            yield self._fault(("users", who, "manager"), f"`{user.manager}` is no member.", near)

    def _clashes(self) -> Iterator[Fault]:
        for who in self._declaration.keys:
            if who in self._users or who == NOBODY:
                yield self._fault(("keys", who), f"`{who}` is two callers.", "Rename one of them.")
        if NOBODY in self._users:
            yield self._fault(("users", NOBODY), f"`{NOBODY}` is whoever is not signed in.", "Rename this user.")
        for name in self._declaration.rows:
            if name in self._people or name in self._made() or self._objects.get(name) is not None:
                yield self._fault(("rows", name), f"`{name}` is two things.", "Rename this row.")
        for name in self._declaration.shares:
            if name in {*self._people, *self._made(), *self._rows} or self._objects.get(name) is not None:
                yield self._fault(("shares", name), f"`{name}` is two things.", "Rename this share.")

    def _share_faults(self) -> Iterator[Fault]:
        for name, share in self._declaration.shares.items():
            if share.of not in self._rows:
                hint = did_you_mean(share.of, self._rows)
                yield self._fault(("shares", name, "of"), f"`{share.of}` is no row of this test.", hint)
            yield from self._recipient_faults(("shares", name, "to"), share.to)

    def _recipient_faults(self, path: tuple[str | int, ...], name: str) -> Iterator[Fault]:
        known = {**self._made(), **self._rows}
        if known.get(name) not in RECIPIENTS.values():
            fitting = [recipient for recipient, target in known.items() if target in RECIPIENTS.values()]
            hint = (
                did_you_mean(name, fitting) or f"A recipient is a user, or a row of {', '.join(RECIPIENTS.values())}."
            )
            yield self._fault(path, f"Nothing is shared with `{name}`.", hint)

    def _row(self, name: str, values: dict[str, Any]) -> Row:
        path = ("rows", name)
        object_name, owner = str(values.pop("object", "")), values.pop("owner", None)
        there = owner is not None and owner in self._users and self._users[owner].at == "there"
        place = values.pop("at", "there" if there else "here")
        trashed = values.pop("trashed", False)
        if owner is not None and owner not in self._users:
            self._faults.append(
                self._fault((*path, "owner"), f"Nobody is called `{owner}`.", did_you_mean(str(owner), self._users))
            )
        subject = self._objects.get(object_name)
        if owner is not None and subject is not None and not subject.owned:
            message = f"Records of `{object_name}` have no owner."
            self._faults.append(self._fault((*path, "owner"), message, "Leave `owner` out."))
        if place not in _PLACES:
            self._faults.append(self._fault((*path, "at"), f"`{place}` is no place.", "Say `here` or `there`."))
        subject = self._objects.get(object_name)
        if type(trashed) is not bool or (trashed and subject is not None and not subject.declaration.enable.trash):
            message = "This record cannot be in the trash: its object has none, or this is neither `true` nor `false`."
            self._faults.append(self._fault((*path, "trashed"), message, None))
        if not object_name:
            self._faults.append(self._fault(path, "This row does not name its object.", "Add `object: ...`."))
        else:
            self._faults += self._value_faults(path, object_name, values)
        return Row(object_name, owner, place, values, bool(trashed))

    def _value_faults(self, path: tuple[str, ...], object_name: str, values: Mapping[str, Any]) -> Iterator[Fault]:
        subject = self._objects.get(object_name)
        if subject is None:
            at = (*path, "object") if path[0] == "rows" else path
            yield from self._objects.missing(self._document.value_at(*at), object_name)
            return
        for name, value in values.items():
            if name not in subject.fields:
                yield unknown_field(self._document.key_at(*path, name), name, object_name, subject.fields)
                continue
            reference = subject.fields[name].reference
            for referred in value if isinstance(value, list) else [value]:
                yield from self._reference_faults((*path, name), reference, referred)

    def _reference_faults(self, path: tuple[str | int, ...], reference: str | None, value: Any) -> Iterator[Fault]:
        """Yields the fault of a value of a field that refers to an object, where it is no row of that object."""
        rows = {**self._made(), **self._rows}
        if reference is None or value in (None, ABSENT) or rows.get(str(value)) == reference:
            return
        fitting = [name for name, object_name in rows.items() if object_name == reference]
        hint = (
            did_you_mean(str(value), fitting)
            or f"A reference names a row, or is `{ABSENT}`: a record that is not there."
        )
        yield self._fault(path, f"`{value}` is no row of `{reference}`.", hint)

    def _sentences(self, rows: Mapping[str, str]) -> Iterator[Sentence]:
        """Yields the sentences; `rows` are the records' objects by the records' names."""
        for outlook in _OUTLOOKS:
            lines: tuple[str, ...] = getattr(self._declaration, outlook)
            for number, line in enumerate(lines):
                try:
                    sentence = parse_sentence(line, outlook, rows)
                except SentenceFault as error:
                    self._faults.append(self._fault((outlook, number), error.message, error.hint))
                    continue
                wrong = list(self._sentence_faults((outlook, number), sentence, rows))
                self._faults += wrong
                if not wrong:
                    yield sentence

    def _sentence_faults(self, path: tuple[str | int, ...], said: Sentence, rows: Mapping[str, str]) -> Iterator[Fault]:
        if said.who not in self._people:
            yield self._fault(path, f"Nobody is called `{said.who}`.", did_you_mean(said.who, self._people))
        if said.surface is not None and said.surface not in self._surfaces:
            hint = meant_or_known(said.surface, self._surfaces)
            yield self._fault(path, f"There is no surface `{said.surface}`.", hint)
        name = rows[said.row] if said.row is not None else str(said.object)
        subject = self._objects.get(name)
        if subject is None:
            known = [*self._objects.by_name, *rows]
            if name not in self._objects.broken:
                message = f"`{said.row or said.object}` is neither a row of this test nor an object."
                hint = did_you_mean(said.row or name, known) or "Add it to `rows`, or name an object."
                yield self._fault(path, message, hint)
            return
        if said.field is not None and said.field not in subject.fields:
            yield unknown_field(self._document.value_at(*path), said.field, name, subject.fields)
        if said.verb == "shares":
            yield from self._sharing_faults(path, said)
            return
        for field, value in said.values:
            if field not in subject.fields:
                yield unknown_field(self._document.value_at(*path), field, name, subject.fields)
            else:
                yield from self._reference_faults(
                    path, subject.fields[field].reference, None if value == NULL else value
                )

    def _sharing_faults(self, path: tuple[str | int, ...], said: Sentence) -> Iterator[Fault]:
        for key, value in said.values:
            if key == "to" and value != ABSENT:
                yield from self._recipient_faults(path, value)
            elif key not in ("to", "level") or (key == "level" and value not in LEVELS):
                message = f"A share has no `{key}={value}`."
                yield self._fault(path, message, "Say `with to=ann`, `with level=edit`, or both.")

    def _fault(self, path: tuple[str | int, ...], message: str, hint: str | None) -> Fault:
        return self._document.fault(path, Code.POLICY_TEST, message, hint)


def _user(entry: tuple[str, ...] | ActingUser) -> ActingUser:
    return ActingUser(sets=entry) if isinstance(entry, tuple) else entry
