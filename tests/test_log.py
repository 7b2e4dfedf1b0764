"""The log: one JSON object a line for programs, one plain line for people."""

import io

import msgspec

from fieldstone.log import open_log


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
