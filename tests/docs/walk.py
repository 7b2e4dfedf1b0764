"""Pages as programs: the fenced blocks of a page, run one after the other in one shell, as a reader would run them.

A block says in its first line what it is:

    sh                  commands; they end well (`sh fails`: the last one does not)
    sh server           the server, left running; the next block waits until it is ready
    sh checkout         makes what these tests run in; not run
    yaml PATH, ...      a file, written there, whatever its language
    text, json          what the commands before it print; ids, instants and secrets may differ
    any other           an illustration, for reading only
"""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.servers import COMMAND, free_port

MARK = "end of the block"
SECONDS_TO_START = 60
FENCED = re.compile(r"^```(\S*) *([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PORT = re.compile(r"serve .*--port (\d+)")
DEFAULT_PORT = 8000

MASKS = (
    (re.compile(r"by \d+ roads"), "by N roads"),
    (re.compile(r"\d+ changes, \d+ answers"), "N changes, N answers"),
    (re.compile(r"\b(?:[a-z]+_)?[0-7][0-9A-HJKMNP-TV-Z]{25}\b"), "AN_ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "AN_INSTANT"),
    (re.compile(r'("request_?[iI]d": ?)"[0-9a-f]+"'), r'\1"A_REQUEST"'),
    (re.compile(r"\bosk_[\w-]+"), "A_KEY"),
    (re.compile(r'("next_?[cC]ursor": ?)"[^"]+"'), r'\1"A_CURSOR"'),
)


class Block(msgspec.Struct, frozen=True):
    """A fenced block: its language, what stands behind it, its text."""

    language: str
    note: str
    text: str

    @property
    def shows(self) -> bool:
        """Whether it is what the commands before it print."""
        return self.language in ("text", "json") and not self.note


class Started(msgspec.Struct, frozen=True):
    """What is there at the end of a page: its folder, and the commands that bring another shell to the same state."""

    folder: Path
    commands: str


def blocks_of(text: str) -> list[Block]:
    """Returns the fenced blocks of a page."""
    return [Block(*found) for found in FENCED.findall(text)]


class Shell:
    """One bash, in which the blocks of pages run one after the other."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        """Starts it in a folder, in a process group of its own."""
        self.folder = folder
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, commands: str) -> tuple[int, str]:
        """Returns the exit status of the last command, and what all of them printed."""
        if self._process.stdin is None or self._process.stdout is None:
            raise BrokenPipeError
        self._process.stdin.write(f"{commands}\nprintf '\\n{MARK} %s\\n' $?\n")
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.startswith(MARK):
                return int(line.removeprefix(MARK)), "".join(printed).strip()
            printed.append(line)
        raise EOFError("".join(printed))

    def close(self) -> None:
        """Ends it and all that it started."""
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait()
        if self._process.stdin is not None and self._process.stdout is not None:
            self._process.stdin.close()
            self._process.stdout.close()


@contextmanager
def shell_in(folder: Path, **settings: str) -> Iterator[Shell]:
    """Yields a shell that finds `fieldstone`, without any setting but those given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FIELDSTONE_")}
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    shell = Shell(folder, {**inherited, "PATH": path, **settings})
    try:
        yield shell
    finally:
        shell.close()


def walk(shell: Shell, page: Path, replaced: Mapping[str, str] | None = None) -> None:
    """Runs the blocks of a page and holds what they print against what the page shows."""
    text = _at_a_free_port(page.read_text(encoding="utf-8"))
    for old, new in (replaced or {}).items():
        assert old in text
        text = text.replace(old, new)
    printed = ""
    for block in blocks_of(text):
        if block.shows:
            assert masked(block, printed) == masked(block, block.text)
        elif block.language == "sh" and block.note == "server":
            _serve(shell, block)
        elif block.language == "sh" and block.note != "checkout":
            status, printed = shell.run(block.text)
            assert (status != 0) is (block.note == "fails"), printed
        elif block.note and block.language != "sh":
            file = shell.folder / block.note
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text, encoding="utf-8")


def masked(block: Block, printed: str) -> Any:
    """Returns what was printed, or shown, without what may differ; JSON as a value."""
    text = printed.strip()
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return json.loads(text) if block.language == "json" else text


def _serve(shell: Shell, block: Block) -> None:
    """Starts the server in the shell's background and waits until it is ready."""
    found = PORT.search(block.text)
    port = int(found[1]) if found else DEFAULT_PORT
    shell.run("{ kill $SERVER && wait $SERVER; } 2> /dev/null")
    shell.run(f"{block.text.strip()} > server.log 2>&1 & SERVER=$!")
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if shell.run("kill -0 $SERVER")[0]:
            break
        try:
            if httpx.get(f"http://127.0.0.1:{port}/ready", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError((shell.folder / "server.log").read_text(encoding="utf-8"))


def _at_a_free_port(text: str) -> str:
    """Returns a page as it is, or with another port where something else listens at the one that it names."""
    found = PORT.search(text)
    if found is None:
        return text
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(found[1])))
        except OSError:
            return text.replace(found[1], str(free_port()))
    return text
