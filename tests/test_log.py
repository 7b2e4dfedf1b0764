"""The log: one JSON object a line for programs, one plain line for people."""

import asyncio
import io

import msgspec

from fieldstone.log import RequestLine, open_log

LINE = RequestLine("2026-01-02T03:04:05.678Z", "7", "GET", "/data/{object}", 200, 1.25, None)


def test_a_line_for_programs_is_one_json_object() -> None:
    stream = io.BytesIO()
    open_log(stream, readable=False).warning("something", number=3, text="a\nb", other=object)
    [line] = stream.getvalue().splitlines()
    entry = msgspec.json.decode(line)
    assert (entry["event"], entry["level"], entry["number"], entry["text"]) == ("something", "warning", 3, "a\nb")
    assert entry["timestamp"].endswith("Z")


def test_a_line_for_people_names_what_happened_and_its_values() -> None:
    stream = io.BytesIO()
    log = open_log(stream, readable=True)
    log.info("served", path="/x", status=200)
    log.error("failed", who="ann")
    first, second = stream.getvalue().decode().splitlines()
    assert first.endswith(" served path=/x status=200")
    assert second.endswith(" ERROR failed who=ann")


def test_an_exception_is_logged_with_its_traceback() -> None:
    for readable in (False, True):
        stream = io.BytesIO()
        log = open_log(stream, readable=readable)
        try:
            raise ValueError("the cause")
        except ValueError:
            log.exception("crashed", id="7")
        assert b"ValueError: the cause" in stream.getvalue()
        assert b"Traceback" in stream.getvalue()


async def test_the_lines_of_requests_are_written_by_the_end_of_the_loop_s_turn() -> None:
    stream = io.BytesIO()
    log = open_log(io.BufferedWriter(stream), readable=False)
    log.request(LINE)
    log.request(LINE)
    await asyncio.sleep(0)
    entry: dict[str, object] = {
        "event": "request",
        "level": "info",
        "timestamp": LINE.timestamp,
        "id": "7",
        "method": "GET",
    }
    entry |= {"route": "/data/{object}", "status": 200, "ms": 1.25, "caller": None}
    assert [msgspec.json.decode(line) for line in stream.getvalue().splitlines()] == [entry, entry]


async def test_the_line_of_a_request_stands_among_the_others_in_its_place() -> None:
    stream = io.BytesIO()
    log = open_log(stream, readable=True)
    log.info("begun")
    log.request(LINE)
    log.info("ended")
    _, line, _ = stream.getvalue().decode().splitlines()
    assert line == "03:04:05 request id=7 method=GET route=/data/{object} status=200 ms=1.25 caller=None"
