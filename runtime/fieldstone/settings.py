"""Settings: what the environment decides, and every limit, each in one table with its meaning.

Reads the environment once, at start; refuses what it cannot read (SettingsError).
"""

import ipaddress
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from fieldstone.errors import SettingsError


class Limits(msgspec.Struct, frozen=True):
    """Bounds on what one request may ask for."""

    body_bytes: int = 10 * 1024 * 1024
    where_depth: int = 8
    where_terms: int = 200
    where_expressions: int = 20
    expression_characters: int = 500
    relation_depth: int = 3
    list_values: int = 1000
    batch_rows: int = 5000
    import_rows: int = 5000
    import_job_rows: int = 50_000
    order_keys: int = 8
    search_words: int = 20
    search_ranked: int = 1000
    export_rows: int = 1_000_000
    export_paged_rows: int = 10_000
    export_seconds: int = 600
    expand_names: int = 20
    expand_rows: int = 10_000
    group_keys: int = 8
    aggregations: int = 20
    offset: int = 1_000_000
    operation_depth: int = 16
    url_bytes: int = 32 * 1024
    statement_seconds: int = 10
    request_seconds: int = 30
    answering: int = 256
    waiting: int = 1024
    waiting_seconds: int = 5
    sign_ins: int | None = None
    idempotency_hours: int = 24
    outbox_days: int = 7
    outbox_events: int = 1_000_000
    mails: int = 30
    mail_recipients: int = 50
    mail_days: int = 30
    run_days: int = 30
    flow_answer_seconds: int = 2


class Settings(msgspec.Struct, frozen=True):
    """What the environment says; `secret` is empty only in development, where one is made for the app's folder.

    `variables` are those of the environment that are no settings: declarations name some of them, such as the secret of a provider.
    """

    environment: Literal["development", "production"] = "development"
    database_url: str | None = None
    secret: str = ""
    secret_old: str | None = None
    admin_email: str | None = None
    admin_password: str | None = None
    trusted_proxies: tuple[str, ...] = ()
    public_url: str | None = None
    smtp_url: str | None = None
    mail_from: str | None = None
    mail_domains: str | None = None
    mail_folder: str | None = None
    flows_database_url: str | None = None
    metrics_token: str | None = None
    slow_milliseconds: int = 200
    linger_seconds: int | None = None
    stopping_seconds: int = 10
    variables: Mapping[str, str] = msgspec.field(default_factory=dict)
    limits: Limits = Limits()


class Setting(msgspec.Struct, frozen=True):
    """One environment variable; `limit`: its field is one of `Limits`, else of `Settings`. A limit is a `number`, others may be."""

    variable: str
    field: str
    summary: str
    limit: bool = False
    number: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting("FIELDSTONE_ENV", "environment", "`development` or `production`."),
    Setting("FIELDSTONE_DATABASE_URL", "database_url", "`sqlite:///file` or `postgresql://...`; wins over `app.yaml`."),
    Setting(
        "FIELDSTONE_SECRET",
        "secret",
        "What the keys that sign and seal are derived from: cursors, the values of `secret` fields, second factors, trusted"
        " devices. Production refuses to start without it; in development one is kept in the app's folder.",
    ),
    Setting(
        "FIELDSTONE_SECRET_OLD",
        "secret_old",
        "The secret before FIELDSTONE_SECRET: what it signed still holds, and what it sealed is sealed anew at start.",
    ),
    Setting("FIELDSTONE_ADMIN_EMAIL", "admin_email", "The first administrator, made at start when there is no user."),
    Setting("FIELDSTONE_ADMIN_PASSWORD", "admin_password", "The first administrator's password."),
    Setting(
        "FIELDSTONE_TRUSTED_PROXIES",
        "trusted_proxies",
        "Addresses and networks of proxies, with commas between them, such as `10.0.0.0/8, ::1`: from them alone"
        " `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
    ),
    Setting(
        "FIELDSTONE_PUBLIC_URL",
        "public_url",
        "Where browsers reach this server: `https://app.example.org`. Links in mails begin with it; never with what a"
        " request says of its host. Unless set, `http://localhost` with the port in development; production sends no such mail.",
    ),
    Setting(
        "FIELDSTONE_SMTP_URL",
        "smtp_url",
        "The server that takes mails: `smtps://user:password@host:465` (TLS), `smtp://user:password@host:587` (STARTTLS,"
        " which must succeed), `smtp+plain://host:25` (no TLS, no password).",
    ),
    Setting(
        "FIELDSTONE_MAIL_FOLDER",
        "mail_folder",
        "Where mails are written as `.eml` files when there is no FIELDSTONE_SMTP_URL; in development"
        " `.fieldstone/outbox` in the app's folder unless set.",
    ),
    Setting(
        "FIELDSTONE_FLOWS_DATABASE_URL",
        "flows_database_url",
        "Where the engine of flows keeps which process is at which run; unless set, a file beside the SQLite database, or the schema"
        " `fieldstone_flows` of the PostgreSQL one.",
    ),
    Setting("FIELDSTONE_MAIL_FROM", "mail_from", "The sender: `app@example.org` or `An app <app@example.org>`."),
    Setting(
        "FIELDSTONE_MAIL_DOMAINS",
        "mail_domains",
        "Domains, with commas between them, from which `POST /email/send` may send beside that of FIELDSTONE_MAIL_FROM.",
    ),
    Setting(
        "FIELDSTONE_METRICS_TOKEN",
        "metrics_token",
        "What `GET /metrics` asks for as `Authorization: Bearer`. Unless set, `/metrics` is answered in development to the machine itself,"
        " and in production to nobody.",
    ),
    Setting(
        "FIELDSTONE_SLOW_MILLISECONDS",
        "slow_milliseconds",
        "A database statement that takes longer is written in the log, with how the database runs it.",
        number=True,
    ),
    Setting(
        "FIELDSTONE_LINGER_SECONDS",
        "linger_seconds",
        "How long a server that is told to stop goes on taking requests, while `/ready` answers 503: as long as a balancer in front of it"
        " takes to notice.",
        number=True,
    ),
    Setting(
        "FIELDSTONE_STOPPING_SECONDS",
        "stopping_seconds",
        "How long requests that are under way may take once a server that is told to stop listens no more; then they are cut off.",
        number=True,
    ),
    Setting("FIELDSTONE_LIMIT_BODY_BYTES", "body_bytes", "Largest request body.", limit=True),
    Setting("FIELDSTONE_LIMIT_URL_BYTES", "url_bytes", "Longest path with its query.", limit=True),
    Setting("FIELDSTONE_LIMIT_WHERE_DEPTH", "where_depth", "Deepest nesting of a where.", limit=True),
    Setting("FIELDSTONE_LIMIT_WHERE_TERMS", "where_terms", "Most comparisons in a where.", limit=True),
    Setting("FIELDSTONE_LIMIT_WHERE_EXPRESSIONS", "where_expressions", "Most `$cel` in a where.", limit=True),
    Setting(
        "FIELDSTONE_LIMIT_EXPRESSION_CHARACTERS", "expression_characters", "Longest `$cel` of a where.", limit=True
    ),
    Setting(
        "FIELDSTONE_LIMIT_RELATION_DEPTH",
        "relation_depth",
        "Most references in a path, most levels of an `expand`.",
        limit=True,
    ),
    Setting("FIELDSTONE_LIMIT_LIST_VALUES", "list_values", "Most values in a list of a where.", limit=True),
    Setting("FIELDSTONE_LIMIT_BATCH_ROWS", "batch_rows", "Most records in a batch.", limit=True),
    Setting("FIELDSTONE_LIMIT_IMPORT_ROWS", "import_rows", "Most rows in an import.", limit=True),
    Setting("FIELDSTONE_LIMIT_IMPORT_JOB_ROWS", "import_job_rows", "Most rows in an import that is a job.", limit=True),
    Setting("FIELDSTONE_LIMIT_ORDER_KEYS", "order_keys", "Most sort keys.", limit=True),
    Setting("FIELDSTONE_LIMIT_SEARCH_WORDS", "search_words", "Most words in a search.", limit=True),
    Setting(
        "FIELDSTONE_LIMIT_SEARCH_RANKED",
        "search_ranked",
        "How many records of an object a search ranks: of more, the newest, and those whose name holds all the words.",
        limit=True,
    ),
    Setting("FIELDSTONE_LIMIT_EXPORT_ROWS", "export_rows", "Most records in an exported file.", limit=True),
    Setting("FIELDSTONE_LIMIT_EXPORT_PAGED_ROWS", "export_paged_rows", "Most records in an exported pdf.", limit=True),
    Setting(
        "FIELDSTONE_LIMIT_EXPORT_SECONDS", "export_seconds", "How long an export may take, in seconds.", limit=True
    ),
    Setting("FIELDSTONE_LIMIT_EXPAND_NAMES", "expand_names", "Most names in an expand.", limit=True),
    Setting("FIELDSTONE_LIMIT_GROUP_KEYS", "group_keys", "Most names in a groupBy.", limit=True),
    Setting("FIELDSTONE_LIMIT_AGGREGATIONS", "aggregations", "Most aggregations of a query.", limit=True),
    Setting("FIELDSTONE_LIMIT_EXPAND_ROWS", "expand_rows", "Most records in the lists of one answer.", limit=True),
    Setting("FIELDSTONE_LIMIT_OFFSET", "offset", "Largest offset; a cursor goes further.", limit=True),
    Setting(
        "FIELDSTONE_LIMIT_OPERATION_DEPTH", "operation_depth", "Deepest nesting of operations in a unit.", limit=True
    ),
    Setting("FIELDSTONE_LIMIT_STATEMENT_SECONDS", "statement_seconds", "Longest database statement.", limit=True),
    Setting("FIELDSTONE_LIMIT_REQUEST_SECONDS", "request_seconds", "Longest request.", limit=True),
    Setting(
        "FIELDSTONE_LIMIT_ANSWERING", "answering", "Most requests that a process answers at the same time.", limit=True
    ),
    Setting(
        "FIELDSTONE_LIMIT_WAITING",
        "waiting",
        "Most requests that wait until they are answered; every further one is refused with 503 before its body is read.",
        limit=True,
    ),
    Setting(
        "FIELDSTONE_LIMIT_WAITING_SECONDS",
        "waiting_seconds",
        "How long a request waits to be answered before it is refused with 503.",
        limit=True,
    ),
    Setting(
        "FIELDSTONE_LIMIT_IDEMPOTENCY_HOURS",
        "idempotency_hours",
        "How long the answer of a write is kept for its idempotency key.",
        limit=True,
    ),
    Setting(
        "FIELDSTONE_LIMIT_OUTBOX_DAYS", "outbox_days", "Days for which events are kept for their readers.", limit=True
    ),
    Setting("FIELDSTONE_LIMIT_OUTBOX_EVENTS", "outbox_events", "Most events that are kept.", limit=True),
    Setting("FIELDSTONE_LIMIT_MAILS", "mails", "Mails a minute that one user may send.", limit=True),
    Setting(
        "FIELDSTONE_LIMIT_MAIL_RECIPIENTS",
        "mail_recipients",
        "Most addresses of one mail, copies included.",
        limit=True,
    ),
    Setting("FIELDSTONE_LIMIT_MAIL_DAYS", "mail_days", "Days for which it is kept what became of a mail.", limit=True),
    Setting(
        "FIELDSTONE_LIMIT_RUN_DAYS", "run_days", "Days for which runs of flows are kept once they are over.", limit=True
    ),
    Setting(
        "FIELDSTONE_LIMIT_FLOW_ANSWER_SECONDS",
        "flow_answer_seconds",
        "How long a request that starts a run waits for it to end before it answers 202.",
        limit=True,
    ),
    Setting(
        "FIELDSTONE_LIMIT_SIGN_INS",
        "sign_ins",
        "Attempts a minute at what takes a password, a code or the token of a mail: of strangers at one account, of its own user, at his"
        " second factor, and from one address, there in the place of the rate limits that are declared. Unless set: `10`, and from an"
        " address what is declared.",
        limit=True,
    ),
)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Returns the settings of an environment; raises SettingsError for a value that cannot be read."""
    values: dict[str, Any] = {
        "variables": {name: text for name, text in environment.items() if not name.startswith("FIELDSTONE_")}
    }
    limits: dict[str, int] = {}
    for setting in SETTINGS:
        text = environment.get(setting.variable)
        if text is None or text == "":
            continue
        if setting.limit:
            limits[setting.field] = _whole_number(setting.variable, text)
        elif setting.number:
            values[setting.field] = _whole_number(setting.variable, text)
        elif setting.field == "trusted_proxies":
            values[setting.field] = _networks(setting.variable, text)
        else:
            values[setting.field] = text
    try:
        settings = msgspec.convert(values | {"limits": Limits(**limits)}, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"FIELDSTONE_ENV: {error}", hint="It is `development` or `production`.") from None
    if settings.environment == "production" and not settings.secret:
        raise SettingsError(
            "FIELDSTONE_SECRET is not set.", hint="Production needs one: at least 32 random characters."
        )
    return settings


def _networks(variable: str, text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(part.strip())) for part in text.split(","))
    except ValueError as error:
        raise SettingsError(
            f"{variable}: {error}.", hint="It is a list such as `10.0.0.0/8, 192.0.2.7, ::1`."
        ) from None


def _whole_number(variable: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise SettingsError(f"{variable} is `{text}`.", hint="It is a whole number above zero.")
    return int(text)
