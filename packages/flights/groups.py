"""Questions that are answered by groups and along relations, each in two ways: by the data API, and by plain Python over the files."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from packages.flights.client import DataApi
from packages.flights.figure import PAGE, Figure, Question, mean
from packages.flights.source import NULLS, Row, Source, number

NEW_YORK = "America/New_York"
DELAY_DIGITS = 6
STRONG_WIND = 20
FIRST = 5
LONGEST = 4970
MANY = 20
FLOWN = {"function": "count", "alias": "flights"}


async def ask_delays_by_carrier_and_month(api: DataApi) -> Figure:
    """Groups by a path and by a bucket of instants, whose months are those of New York."""
    page = await api.query(
        "flight",
        {
            "groupBy": ["carrier.name", {"field": "time_hour", "dateGranularity": "month", "alias": "month"}],
            "aggregations": [FLOWN, {"function": "avg", "field": "arr_delay", "alias": "delay"}],
            "timezone": NEW_YORK,
            "limit": PAGE,
        },
    )
    rows = ((item["carrier.name"], item["month"], item["flights"], item["delay"]) for item in page.items)
    return (page.total, *rows)


def compute_delays_by_carrier_and_month(source: Source) -> Figure:
    """The files say the local month of each flight."""
    names = {row["carrier"]: row["name"] for row in source["airline"]}
    groups = _grouped(source["flight"], lambda row: (names[row["carrier"]], f"{row['year']}-{int(row['month']):02d}"))
    rows = ((*key, len(rows), mean(_numbers(rows, "arr_delay"), DELAY_DIGITS)) for key, rows in sorted(groups.items()))
    return (len(groups), *rows)


async def ask_planes_by_year(api: DataApi) -> Figure:
    """Groups by a field of the plane; a flight whose plane is not known counts under no year."""
    page = await api.query(
        "flight",
        {
            "groupBy": [{"field": "tailnum.year", "alias": "year"}],
            "aggregations": [
                FLOWN,
                {"function": "count_distinct", "field": "tailnum", "alias": "planes"},
                {"function": "sum", "field": "distance", "alias": "miles"},
                {"function": "max", "field": "tailnum.seats", "alias": "seats"},
            ],
            "orderBy": "year",
            "limit": PAGE,
        },
    )
    return tuple((item["year"], item["flights"], item["planes"], item["miles"], item["seats"]) for item in page.items)


def compute_planes_by_year(source: Source) -> Figure:
    """Looks every plane up."""
    planes = {row["tailnum"]: row for row in source["plane"]}

    def year(row: Row) -> Decimal | None:
        return number(planes[row["tailnum"]]["year"]) if row["tailnum"] in planes else None

    def row_of(key: Decimal | None, rows: list[Row]) -> tuple[Any, ...]:
        known = {row["tailnum"] for row in rows if row["tailnum"] in planes}
        seats = [int(planes[tail]["seats"]) for tail in known if planes[tail]["seats"] not in NULLS]
        return key, len(rows), len(known), sum(int(row["distance"]) for row in rows), max(seats, default=None)

    groups = _grouped(source["flight"], year)
    return tuple(row_of(key, groups[key]) for key in sorted(groups, key=lambda key: (key is None, key or 0)))


async def ask_flights_in_strong_wind(api: DataApi) -> Figure:
    """Narrows by the hour's weather, and counts those of the flights that left in rain by a filter of their own."""
    page = await api.query(
        "flight",
        {
            "where": {"weather.wind_speed": {"$gt": STRONG_WIND}},
            "groupBy": ["origin.faa"],
            "aggregations": [
                FLOWN,
                {"function": "count", "alias": "in_rain", "filter": {"weather.precip": {"$gt": 0}}},
                {"function": "avg", "field": "dep_delay", "alias": "delay"},
                {"function": "min", "field": "weather.temp", "alias": "coldest"},
            ],
            "orderBy": "-flights",
        },
    )
    return tuple(
        (item["origin.faa"], item["flights"], item["in_rain"], item["delay"], item["coldest"]) for item in page.items
    )


def compute_flights_in_strong_wind(source: Source) -> Figure:
    """Finds each flight's hour among the weather of its airport."""
    hours = {(row["origin"], row["time_hour"]): row for row in source["weather"]}
    windy: dict[str, list[tuple[Row, Row]]] = defaultdict(list)
    for row in source["flight"]:
        hour = hours.get((row["origin"], row["time_hour"]))
        if hour is not None and (number(hour["wind_speed"]) or 0) > STRONG_WIND:
            windy[row["origin"]].append((row, hour))
    found = [
        (
            origin,
            len(pairs),
            sum((number(hour["precip"]) or 0) > 0 for _, hour in pairs),
            mean(_numbers((row for row, _ in pairs), "dep_delay"), DELAY_DIGITS),
            min(_numbers((hour for _, hour in pairs), "temp"), default=None),
        )
        for origin, pairs in windy.items()
    ]
    return tuple(sorted(found, key=lambda row: (-row[1], row[0])))


async def ask_weeks_with_cancellations(api: DataApi) -> Figure:
    """Buckets by ISO week, keeps the weeks with many flights that never left, and orders by how many."""
    page = await api.query(
        "flight",
        {
            "groupBy": [{"field": "time_hour", "dateGranularity": "week", "alias": "week"}],
            "aggregations": [
                FLOWN,
                {"function": "count", "alias": "cancelled", "filter": {"dep_delay": None}},
                {
                    "function": "string_agg",
                    "field": "tailnum.tailnum",
                    "alias": "planes",
                    "filter": {"distance": {"$gt": LONGEST}},
                },
            ],
            "having": {"cancelled": {"$gte": MANY}},
            "orderBy": "-cancelled,week",
            "timezone": NEW_YORK,
            "limit": FIRST,
        },
    )
    return (page.total, *((item["week"], item["flights"], item["cancelled"], item["planes"]) for item in page.items))


def compute_weeks_with_cancellations(source: Source) -> Figure:
    """Takes the ISO week of the local day."""
    planes = {row["tailnum"] for row in source["plane"]}

    def longest(rows: Iterable[Row]) -> str | None:
        tails = (row["tailnum"] for row in rows if int(row["distance"]) > LONGEST and row["tailnum"] in planes)
        return ", ".join(sorted(tails)) or None

    weeks = _grouped(source["flight"], _week)
    found = [
        (week, len(rows), len(rows) - len(_numbers(rows, "dep_delay")), longest(rows)) for week, rows in weeks.items()
    ]
    kept = sorted((row for row in found if row[2] >= MANY), key=lambda row: (-row[2], row[0]))
    return (len(kept), *kept[:FIRST])


async def ask_latest_and_their_weather(api: DataApi) -> Figure:
    """Expands the hour's weather and, within it, the airport where it was measured; orders by a path besides."""
    page = await api.list(
        "flight",
        {"weather": {"$null": False}, "dep_delay": {"$null": False}},
        orderBy="-dep_delay,carrier.name,flight",
        limit=FIRST,
        select="dep_delay,carrier,flight,weather",
        expand="carrier,weather.origin",
    )
    where = {"weather.temp": {"$lt": 32}, "dest.tzone": {"$ne": NEW_YORK}}
    rows = tuple(
        (item["dep_delay"], item["carrier"]["name"], item["weather"]["temp"], item["weather"]["origin"]["name"])
        for item in page.items
    )
    return (await api.list("flight", where, limit=1)).total, rows


def compute_latest_and_their_weather(source: Source) -> Figure:
    """Joins the files by their natural keys."""
    hours = {(row["origin"], row["time_hour"]): row for row in source["weather"]}
    names = {row["carrier"]: row["name"] for row in source["airline"]}
    airports = {row["faa"]: row for row in source["airport"]}
    cold = Counter[bool]()
    found = []
    for row in source["flight"]:
        hour = hours.get((row["origin"], row["time_hour"]))
        if hour is None:
            continue
        temperature = number(hour["temp"])
        zone = airports[row["dest"]]["tzone"] if row["dest"] in airports else None
        cold[temperature is not None and temperature < 32 and zone != NEW_YORK] += 1
        delay, name = number(row["dep_delay"]), names[row["carrier"]]
        if delay is not None:
            order = (-delay, name, int(row["flight"]))
            found.append((order, (delay, name, temperature, airports[hour["origin"]]["name"])))
    found.sort(key=lambda pair: pair[0])
    return cold[True], tuple(figure for _, figure in found[:FIRST])


def _grouped(rows: Iterable[Row], key: Callable[[Row], Any]) -> Mapping[Any, list[Row]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _numbers(rows: Iterable[Row], column: str) -> list[Decimal]:
    values = (number(row[column]) for row in rows)
    return [value for value in values if value is not None]


def _week(row: Row) -> str:
    year, week, _ = date(int(row["year"]), int(row["month"]), int(row["day"])).isocalendar()
    return f"{year}-W{week:02d}"


GROUP_QUESTIONS = (
    Question(
        "Flights and mean delay at arrival by carrier and month",
        ask_delays_by_carrier_and_month,
        compute_delays_by_carrier_and_month,
    ),
    Question(
        "Flights, planes, miles and most seats by the year in which the plane was made",
        ask_planes_by_year,
        compute_planes_by_year,
    ),
    Question(
        f"Departures by airport in wind over {STRONG_WIND} mph: how many, in rain, how late, how cold",
        ask_flights_in_strong_wind,
        compute_flights_in_strong_wind,
    ),
    Question(
        "The weeks with the most cancelled flights, and the planes on the longest route in each",
        ask_weeks_with_cancellations,
        compute_weeks_with_cancellations,
    ),
    Question(
        "Flights out of frost into another time zone, and the five latest departures with the weather of their hour",
        ask_latest_and_their_weather,
        compute_latest_and_their_weather,
    ),
)
