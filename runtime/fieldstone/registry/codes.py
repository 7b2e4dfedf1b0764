"""The codes of what can be wrong with declarations: one closed table, from which the reference is made."""

from enum import StrEnum


class Code(StrEnum):
    """A fault code; `EXPLANATIONS` says of each what it means."""

    FILE_UNREADABLE = "FILE_UNREADABLE"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    FILE_OUTSIDE = "FILE_OUTSIDE"
    FILE_NAME = "FILE_NAME"
    YAML_SYNTAX = "YAML_SYNTAX"
    YAML_DUPLICATE_KEY = "YAML_DUPLICATE_KEY"
    YAML_AMBIGUOUS = "YAML_AMBIGUOUS"
    YAML_UNSUPPORTED = "YAML_UNSUPPORTED"
    YAML_TOO_COMPLEX = "YAML_TOO_COMPLEX"
    UNKNOWN_KIND = "UNKNOWN_KIND"
    UNKNOWN_KEY = "UNKNOWN_KEY"
    MISSING_KEY = "MISSING_KEY"
    WRONG_TYPE = "WRONG_TYPE"
    WRONG_VALUE = "WRONG_VALUE"
    UNKNOWN_FIELD_TYPE = "UNKNOWN_FIELD_TYPE"
    FIELD_OPTION = "FIELD_OPTION"
    NAME_MISMATCH = "NAME_MISMATCH"
    NAME_CLASH = "NAME_CLASH"
    NAME_RESERVED = "NAME_RESERVED"
    UNKNOWN_PACKAGE = "UNKNOWN_PACKAGE"
    DEPENDENCY_CYCLE = "DEPENDENCY_CYCLE"
    UNKNOWN_OBJECT = "UNKNOWN_OBJECT"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    UNKNOWN_CAPABILITY = "UNKNOWN_CAPABILITY"
    UNKNOWN_ACTION = "UNKNOWN_ACTION"
    UNKNOWN_API = "UNKNOWN_API"
    UNKNOWN_PART = "UNKNOWN_PART"
    PARENT_MISSING = "PARENT_MISSING"
    PARENT_CYCLE = "PARENT_CYCLE"
    TENANCY = "TENANCY"
    TRASH_LOSES = "TRASH_LOSES"
    INDEX_REPEATED = "INDEX_REPEATED"
    SCOPE_IDLE = "SCOPE_IDLE"
    EXPRESSION = "EXPRESSION"
    SUMMARY = "SUMMARY"
    FORMULA_CYCLE = "FORMULA_CYCLE"
    DISCLOSURE = "DISCLOSURE"
    POLICY_EMPTY = "POLICY_EMPTY"
    VALIDATION_RULE = "VALIDATION_RULE"
    RULE_DISCLOSES = "RULE_DISCLOSES"
    ACTION = "ACTION"
    HOOK = "HOOK"
    HANDLERS = "HANDLERS"
    ROUTE_CLASH = "ROUTE_CLASH"
    ROUTE_INCOMPLETE = "ROUTE_INCOMPLETE"
    SEED_RECORD = "SEED_RECORD"
    POLICY_TEST = "POLICY_TEST"
    TEMPLATE = "TEMPLATE"
    CALENDAR = "CALENDAR"
    FLOW = "FLOW"
    FLOW_STEP = "FLOW_STEP"
    FLOW_UNREACHABLE = "FLOW_UNREACHABLE"
    FLOW_CYCLE = "FLOW_CYCLE"
    QUERY = "QUERY"
    VIEW = "VIEW"
    DASHBOARD = "DASHBOARD"
    NAVIGATION = "NAVIGATION"
    TRANSLATION = "TRANSLATION"
    NEEDS_MIGRATION = "NEEDS_MIGRATION"
    OVERLAY = "OVERLAY"


EXPLANATIONS: dict[Code, str] = {
    Code.FILE_UNREADABLE: "The file cannot be read, or is not UTF-8 text.",
    Code.FILE_TOO_LARGE: "The file is larger than a declaration may be.",
    Code.FILE_OUTSIDE: "A link leads out of the package's folder; a package holds its own files.",
    Code.FILE_NAME: "The file's name is not `<name>.<kind>.yaml`.",
    Code.YAML_SYNTAX: "The text is not YAML.",
    Code.YAML_DUPLICATE_KEY: "The same key stands twice in one mapping; only one of them could count.",
    Code.YAML_AMBIGUOUS: "YAML readers disagree about an unquoted value such as `yes`, `0123` or `12:30`.",
    Code.YAML_UNSUPPORTED: "A part of YAML that declarations do without: tags, merge keys, a second document, keys that are not text.",
    Code.YAML_TOO_COMPLEX: "The document is nested too deeply, or its aliases stand for too much.",
    Code.UNKNOWN_KIND: "There is no such kind of declaration.",
    Code.UNKNOWN_KEY: "The key means nothing here.",
    Code.MISSING_KEY: "A key is required here and is not given.",
    Code.WRONG_TYPE: "The value is of another type than the key takes.",
    Code.WRONG_VALUE: "The value is of the right type, but not among the values that the key takes.",
    Code.UNKNOWN_FIELD_TYPE: "There is no such field type.",
    Code.FIELD_OPTION: "The options of a field do not fit together.",
    Code.NAME_MISMATCH: "The `name` inside and the name of the file or folder differ.",
    Code.NAME_CLASH: "Two declarations have the same name; names of a kind are global.",
    Code.NAME_RESERVED: "The name already has a meaning: a system field, or a word of the expression language.",
    Code.UNKNOWN_PACKAGE: "A package is named that is not there, or is not loaded.",
    Code.DEPENDENCY_CYCLE: "Packages depend on each other in a circle.",
    Code.UNKNOWN_OBJECT: "An object is named that is not declared.",
    Code.UNKNOWN_FIELD: "A field is named that the object does not have.",
    Code.UNKNOWN_CAPABILITY: "A capability is named that no package declares.",
    Code.UNKNOWN_ACTION: "An action is named that is not declared.",
    Code.UNKNOWN_API: "A surface is named that is not declared.",
    Code.UNKNOWN_PART: "A part of a REST surface is named that is in none of its tables.",
    Code.PARENT_MISSING: "`controlled_by_parent` needs exactly one field of type `master_detail`.",
    Code.PARENT_CYCLE: "Objects are each other's masters in a circle.",
    Code.TENANCY: "The wall around records cannot be built from what `tenancy` says.",
    Code.TRASH_LOSES: "Records that go along with others to the trash would be deleted for good.",
    Code.INDEX_REPEATED: "An index names a field twice, or two indexes are the same.",
    Code.SCOPE_IDLE: "A depth scope opens nothing: the grant lacks the right, or more is open already, or the object has no owners.",
    Code.EXPRESSION: "An expression does not compile.",
    Code.SUMMARY: "A summary cannot be computed from what it names.",
    Code.FORMULA_CYCLE: "Formulas use each other in a circle.",
    Code.DISCLOSURE: "A formula, a summary or a number tells its readers of what is hidden from them, and does not say so.",
    Code.POLICY_EMPTY: "A row policy says neither `using` nor `check`, or its operation never looks at what it says.",
    Code.VALIDATION_RULE: "A validation rule says something that could not be applied to a record.",
    Code.RULE_DISCLOSES: "A rule tells whoever writes a record of a field that his permission set hides from him.",
    Code.ACTION: "The keys of an action, or of one of its parameters, do not fit together.",
    Code.HOOK: "The keys of a hook do not fit together.",
    Code.HANDLERS: "The `handlers.py` of a package cannot be loaded, or does not hold what it should.",
    Code.ROUTE_CLASH: "Two operations of a surface have the same id, or the same method and path.",
    Code.ROUTE_INCOMPLETE: "A route lacks what it needs, or has what it cannot use.",
    Code.SEED_RECORD: "A record of a seed is not acceptable.",
    Code.POLICY_TEST: "A policy test names somebody or something that is not there, or says what is not a sentence.",
    Code.TEMPLATE: "The places for values in a template and the values that it declares do not fit together.",
    Code.CALENDAR: "The hours, days or time zone of a calendar say nothing.",
    Code.FLOW: "A flow says what does not go together.",
    Code.FLOW_STEP: "A step of a flow or an action cannot do what it says.",
    Code.FLOW_UNREACHABLE: "A node that no way leads to.",
    Code.FLOW_CYCLE: "Ways that lead in a circle, and out of it never, or not openly.",
    Code.QUERY: "A filter, an order or a group cannot be asked for, by anybody.",
    Code.VIEW: "The keys of a view do not fit together, or show something that its type cannot.",
    Code.DASHBOARD: "A widget of a dashboard cannot be drawn as it says.",
    Code.NAVIGATION: "An entry of an app leads nowhere.",
    Code.TRANSLATION: "A translation is of nothing that is declared, or of what another one says already; or, if asked, a text has none.",
    Code.NEEDS_MIGRATION: "The database holds something else than what is declared, and only a migration can bring the two together.",
    Code.OVERLAY: "An overlay lies over something that is not there any more, or that it may not change.",
}
