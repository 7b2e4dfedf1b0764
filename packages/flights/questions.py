"""Ten questions about the flights, each answered twice: by the data API, and by plain Python over the CSV files.

Both ways must give equal figures. To add a question, write the two functions and add a row to `QUESTIONS`. Those that are answered by
groups are in `groups.py`.
"""

from typing import Any

from packages.flights.client import DataApi
from packages.flights.figure import PAGE, Figure, Question, instant
from packages.flights.groups import GROUP_QUESTIONS
from packages.flights.source import NULLS, Row, Source, number

SMALL_CARRIERS = ("AS", "F9", "HA", "YV")
FREEZING = 32


async def ask_late_to_los_angeles(api: DataApi) -> Figure:
    """Counts by `total` alone: the page holds one record."""
    where = {"dest": await api.id_of("airport", "faa", "LAX"), "month": 1, "dep_delay": {"$gt": 60}}
    return (await api.list("flight", where, limit=1)).total


def compute_late_to_los_angeles(source: Source) -> Figure:
    """Counts the flights one by one."""
    return sum(
        row["dest"] == "LAX" and row["month"] == "1" and row["dep_delay"] not in NULLS and int(row["dep_delay"]) > 60
        for row in source["flight"]
    )


async def ask_longest_of_united(api: DataApi) -> Figure:
    """Expands the destination and the plane; a reference that loaded as null stays null."""
    page = await api.list(
        "flight",
        {"carrier": await api.id_of("airline", "carrier", "UA"), "air_time": {"$null": False}},
        orderBy="-air_time,time_hour,flight",
        limit=10,
        select="time_hour,flight,air_time,dest,tailnum",
        expand="dest,tailnum",
    )
    return tuple(
        (
            item["time_hour"],
            item["flight"],
            item["air_time"],
            item["dest"] and item["dest"]["name"],
            item["tailnum"] and item["tailnum"]["model"],
        )
        for item in page.items
    )


def compute_longest_of_united(source: Source) -> Figure:
    """Sorts the flights and looks their airports and planes up."""
    names = {row["faa"]: row["name"] for row in source["airport"]}
    models = {row["tailnum"]: row["model"] for row in source["plane"]}
    flown = [row for row in source["flight"] if row["carrier"] == "UA" and row["air_time"] not in NULLS]
    flown.sort(key=lambda row: (-int(row["air_time"]), row["time_hour"], int(row["flight"])))
    return tuple(
        (
            instant(row["time_hour"]),
            int(row["flight"]),
            int(row["air_time"]),
            names.get(row["dest"]),
            models.get(row["tailnum"]),
        )
        for row in flown[:10]
    )


async def ask_planes_without_year(api: DataApi) -> Figure:
    """Lists them in the order of their tail numbers."""
    page = await api.list("plane", {"year": None}, orderBy="tailnum", limit=PAGE, select="tailnum")
    return (page.total, *(item["tailnum"] for item in page.items))


def compute_planes_without_year(source: Source) -> Figure:
    """Lists the planes whose year is null."""
    found = sorted(row["tailnum"] for row in source["plane"] if row["year"] in NULLS)
    return (len(found), *found[:PAGE])


async def ask_cold_and_windy(api: DataApi) -> Figure:
    """Compares an exact decimal and a double, and reads both back."""
    page = await api.list(
        "weather",
        {"origin": await api.id_of("airport", "faa", "JFK"), "temp": {"$lt": FREEZING}, "wind_speed": {"$gt": 15}},
        orderBy="temp,time_hour",
        limit=5,
        select="time_hour,temp,wind_speed",
    )
    return (page.total, *((item["time_hour"], item["temp"], float(item["wind_speed"])) for item in page.items))


def compute_cold_and_windy(source: Source) -> Figure:
    """Lists the hours and sorts them."""
    found = sorted(
        (temperature, instant(row["time_hour"]), float(wind))
        for row in source["weather"]
        if row["origin"] == "JFK"
        and (temperature := number(row["temp"])) is not None
        and temperature < FREEZING
        and (wind := number(row["wind_speed"])) is not None
        and wind > 15
    )
    return (len(found), *((hour, temperature, wind) for temperature, hour, wind in found[:5]))


async def ask_not_on_time(api: DataApi) -> Figure:
    """Walks every page by cursor; `$not` takes the flights that never arrived along, since their delay is null."""
    carriers = [await api.id_of("airline", "carrier", code) for code in SMALL_CARRIERS]
    document: dict[str, Any] = {
        "where": {"carrier": {"$in": carriers}, "$not": {"arr_delay": {"$between": [-15, 15]}}},
        "fields": ["distance"],
        "orderBy": [{"field": "distance", "order": "desc"}],
        "limit": PAGE,
    }
    seen, miles = 0, 0
    while True:
        page = await api.query("flight", document)
        seen += len(page.items)
        miles += sum(item["distance"] for item in page.items)
        if page.cursor is None:
            return (page.total, seen, miles)
        document["cursor"] = page.cursor


def compute_not_on_time(source: Source) -> Figure:
    """Adds the flights up."""
    found = [row for row in source["flight"] if row["carrier"] in SMALL_CARRIERS and not _on_time(row)]
    return (len(found), len(found), sum(int(row["distance"]) for row in found))


def _on_time(row: Row) -> bool:
    return row["arr_delay"] not in NULLS and -15 <= int(row["arr_delay"]) <= 15


QUESTIONS = (
    Question(
        "How many flights to Los Angeles in January left over an hour late?",
        ask_late_to_los_angeles,
        compute_late_to_los_angeles,
    ),
    Question(
        "The ten flights of United that were longest in the air, their destination and model",
        ask_longest_of_united,
        compute_longest_of_united,
    ),
    Question("Planes whose year of manufacture is not known", ask_planes_without_year, compute_planes_without_year),
    Question(
        "Hours at Kennedy below freezing with wind over 15 mph, the coldest first",
        ask_cold_and_windy,
        compute_cold_and_windy,
    ),
    Question(
        "Flights of the four smallest carriers that did not arrive within 15 minutes of the plan, and their miles",
        ask_not_on_time,
        compute_not_on_time,
    ),
    *GROUP_QUESTIONS,
)
