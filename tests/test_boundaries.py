"""The directions of docs/architecture.md: who may import whom, read from the source and seen in fresh interpreters."""

import ast
import json
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import trackerwatch
from trackerwatch.reports.formats import FORMATS

ROOT = Path(trackerwatch.__file__).parent

PURE = (
    *("metainfo", "protocol", "schedule", "health", "failover", "stats", "policy", "filters", "doctor"),
    *("outcome", "bencoding", "outside_text", "tracker", "errors", "history", "meanings", "orders"),
    *("actions", "escaping"),
    *("config.values", "config.moments", "config.toml_text"),
)
"""Rooms and modules that know no socket, clock, loop or widget."""

IMPURE_LIBRARIES = {"asyncio", "socket", "ssl", "selectors", "httpx", "h11", "asyncio_dgram", "dns", "textual", "rich"}
NETWORK_LIBRARIES = {
    "socket",
    "ssl",
    "httpx",
    "httpcore",
    "h11",
    "asyncio_dgram",
    "dns",
    "http",
    "urllib.request",
    "socketserver",
}

FACES = ("tui", "reports")
ENGINE_FOR_FACES = {"trackerwatch.engine.views", "trackerwatch.engine.settings", "trackerwatch.engine.commands"}


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = ("trackerwatch", *path.relative_to(ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports(module: str, *, types_too: bool = False) -> frozenset[str]:
    """What a module imports anywhere in its source, as dotted names; what is imported for types alone only on request."""
    names: set[str] = set()
    tree = ast.parse(modules()[module].read_text(encoding="utf-8"))

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.If) and not types_too and "TYPE_CHECKING" in ast.unparse(node.test):
            for child in node.orelse:
                visit(child)
            return
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: a relative import"
            for alias in node.names:
                # `from package import module` and `from module import name` look alike.
                deeper = f"{node.module}.{alias.name}"
                names.add(deeper if deeper in modules() else str(node.module))
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(tree)
    return frozenset(names)


def inside(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def of_rooms(*rooms: str) -> list[str]:
    return [name for name in modules() if inside(name, *(f"trackerwatch.{room}" for room in rooms))]


def offences(module: str, *packages: str, types_too: bool = False) -> set[str]:
    return {name for name in imports(module, types_too=types_too) if inside(name, *packages)}


def test_every_module_of_the_rules_exists():
    for room in PURE + FACES + ("engine", "probe", "demo", "store", "state"):
        assert of_rooms(room), room
    assert modules().keys() >= ENGINE_FOR_FACES


def test_the_reading_of_imports_finds_what_is_there():
    assert offences("trackerwatch.probe.http_transport", *NETWORK_LIBRARIES) == {"httpx", "h11"}
    lazy = offences("trackerwatch.probe.prober", "trackerwatch.probe.http")
    assert lazy == {"trackerwatch.probe.http"}
    for_types = "trackerwatch.probe.addresses"
    assert for_types not in imports("trackerwatch.probe.resolve")
    assert for_types in imports("trackerwatch.probe.resolve", types_too=True)
    assert "httpx" in loaded_after("import trackerwatch.probe.http")


@pytest.mark.parametrize("module", of_rooms(*PURE))
def test_pure_rooms_know_no_loop_socket_or_widget(module):
    assert offences(module, *IMPURE_LIBRARIES) == set()
    allowed = {f"trackerwatch.{room}" for room in PURE} | {"trackerwatch.engine.views"}
    strangers = {name for name in imports(module) if inside(name, "trackerwatch") and not inside(name, *allowed)}
    assert strangers <= {"trackerwatch"}


@pytest.mark.parametrize("module", [name for name in modules() if name not in of_rooms("probe", "demo")])
def test_only_the_probe_room_and_the_demo_touch_the_network(module):
    assert offences(module, *NETWORK_LIBRARIES, types_too=True) == set()


@pytest.mark.parametrize("module", of_rooms(*FACES))
def test_faces_see_views_and_never_the_engine_or_a_probe(module):
    strangers = offences(module, "trackerwatch.probe", "trackerwatch.store", "trackerwatch.cli", "trackerwatch.inputs")
    assert strangers == set()
    assert offences(module, "trackerwatch.engine") - ENGINE_FOR_FACES == set()


@pytest.mark.parametrize("module", of_rooms("reports"))
def test_reports_need_no_screen(module):
    # rich.cells is the table of character widths, and draws nothing.
    strangers = offences(module, "textual", "rich", "trackerwatch.tui", types_too=True)
    assert strangers <= {"rich.cells"}


REPORTS_SEE: dict[str, set[str]] = {
    "formats": set(),
    "values": set(),
    "columns": set(),
    "rows": set(),
    "metering": {"rows"},
    "json_rows": {"rows", "values"},
    "building": {"rows"},
    "telling": {"rows", "columns"},
    "table_rows": {"telling", "columns"},
    "page": {"rows", "telling"},
    "past": {"telling", "values", "columns"},
    "live": {"telling", "values"},
    "diff": {"rows", "telling"},
    "readback": {"rows", "diff"},
    "vantages": {"rows", "building", "readback", "telling"},
}
"""Of each room and each shared module in `reports`, which others it may import. All else there is a format."""
FORMATS_SEE = {"rows", "telling", "page", "metering", "columns", "values", "json_rows", "table_rows"}


def in_reports(name: str) -> str:
    """The room or module just inside `reports` that a module is of; empty: it is elsewhere."""
    return name.removeprefix("trackerwatch.reports").split(".")[1] if inside(name, "trackerwatch.reports") else ""


@pytest.mark.parametrize("module", [name for name in of_rooms("reports") if name != "trackerwatch.reports"])
def test_rooms_of_reports_know_those_below_them_and_nobody_imports_a_format(module):
    own = in_reports(module)
    seen = {in_reports(name) for name in imports(module) if name != "trackerwatch.reports"} - {"", own}
    assert seen <= REPORTS_SEE.get(own, FORMATS_SEE)


def test_rooms_of_reports_make_no_circle_and_the_others_are_the_formats():
    tuple(TopologicalSorter(REPORTS_SEE).static_order())
    there = {in_reports(name) for name in of_rooms("reports") if name != "trackerwatch.reports"}
    formats = {in_reports(name) for name in FORMATS.values()}
    assert there - formats == REPORTS_SEE.keys()
    assert not formats & (FORMATS_SEE | REPORTS_SEE.keys())


@pytest.mark.parametrize("module", of_rooms("tui"))
def test_the_screen_is_no_report(module):
    assert offences(module, "trackerwatch.reports") == set()


@pytest.mark.parametrize("module", of_rooms("engine"))
def test_the_engine_is_given_a_prober_and_knows_no_face(module):
    rooms = ("probe", "tui", "reports", "cli", "store", "inputs", "demo")
    assert offences(module, *(f"trackerwatch.{room}" for room in rooms), types_too=True) == set()
    assert offences(module, "textual", *NETWORK_LIBRARIES, types_too=True) == set()


@pytest.mark.parametrize("module", of_rooms("probe"))
def test_probes_know_neither_engine_nor_face(module):
    rooms = ("tui", "reports", "cli", "store", "inputs", "demo")
    assert offences(module, *(f"trackerwatch.{room}" for room in rooms), types_too=True) == set()
    assert offences(module, "trackerwatch.engine") == set()


@pytest.mark.parametrize("module", of_rooms("config"))
def test_settings_are_known_to_the_command_line_and_know_no_room_that_acts(module):
    rooms = ("cli", "probe", "engine", "tui", "reports", "store", "inputs", "demo")
    assert offences(module, *(f"trackerwatch.{room}" for room in rooms), types_too=True) == set()


STORE_OF_ENGINE = {"trackerwatch.engine.records", "trackerwatch.engine.keeper"}


@pytest.mark.parametrize("module", of_rooms("store"))
def test_the_store_keeps_records_and_knows_nobody_who_makes_or_shows_them(module):
    rooms = ("tui", "reports", "cli", "probe", "inputs", "demo", "config")
    assert offences(module, *(f"trackerwatch.{room}" for room in rooms), types_too=True) == set()
    assert offences(module, "trackerwatch.engine", types_too=True) - STORE_OF_ENGINE == set()
    # The rules of politeness are told the time, and touch neither file nor loop.
    if module.endswith((".politeness", ".pending", ".packing", ".units")):
        assert offences(module, "sqlite3", "asyncio", "threading", "time") == set()


@pytest.mark.parametrize("module", of_rooms("state"))
def test_the_state_file_keeps_orders_and_layout_and_knows_nobody_who_gives_them(module):
    rooms = ("cli", "probe", "engine", "tui", "reports", "store", "inputs", "demo", "config")
    assert offences(module, *(f"trackerwatch.{room}" for room in rooms), types_too=True) == set()
    assert offences(module, *IMPURE_LIBRARIES, types_too=True) == set()


@pytest.mark.parametrize("module", of_rooms("engine", *FACES))
def test_who_orders_is_handed_a_keeper(module):
    assert offences(module, "trackerwatch.state", types_too=True) == set()


@pytest.mark.parametrize("module", of_rooms("inputs"))
def test_inputs_are_handed_what_fetches(module):
    assert (
        offences(module, "trackerwatch.probe", "trackerwatch.engine", "trackerwatch.cli", "trackerwatch.tui") == set()
    )


@cache
def loaded_after(statement: str) -> frozenset[str]:
    """The top-level and our own modules that a fresh interpreter holds after a statement."""
    script = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT.parent)!r})\n{script}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return frozenset(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("trackerwatch.__main__", {"textual", "rich", "httpx", "h11", "asyncio", "asyncio_dgram", "ssl", "bencodepy"}),
        ("trackerwatch.cli.main", {"textual", "rich", "httpx", "h11", "asyncio", "asyncio_dgram", "ssl", "bencodepy"}),
        ("trackerwatch.config.loading", {"textual", "httpx", "asyncio", "ssl", "platformdirs", "tomllib", "difflib"}),
        ("trackerwatch.reports", {"textual", "rich", "httpx", "h11", "asyncio_dgram", "ssl"}),
        ("trackerwatch.engine.engine", {"textual", "rich", "httpx", "h11", "asyncio_dgram"}),
        ("trackerwatch.inputs.loading", {"textual", "rich", "httpx", "h11", "asyncio_dgram"}),
        ("trackerwatch.probe.prober", {"textual", "rich", "httpx", "h11", "asyncio_dgram", "dns"}),
        ("trackerwatch.probe.dns_preferences", {"textual", "rich", "httpx", "h11", "asyncio_dgram", "dns"}),
        ("trackerwatch.store", {"textual", "rich", "httpx", "h11", "asyncio_dgram"}),
        ("trackerwatch.state", {"textual", "rich", "httpx", "asyncio", "ssl", "zoneinfo"}),
        ("trackerwatch.schedule.windows", {"textual", "httpx", "asyncio", "socket", "ssl", "zoneinfo"}),
        ("trackerwatch.tracker", {"textual", "httpx", "asyncio", "socket", "ssl", "bencodepy"}),
        ("trackerwatch.metainfo.load", {"textual", "httpx", "asyncio", "socket", "ssl"}),
    ],
)
def test_what_a_fresh_interpreter_loads(module, unwanted):
    assert loaded_after(f"import {module}") & unwanted == set()


def test_every_format_is_written_without_a_screen_or_a_socket():
    every = "; ".join(f"import {name}" for name in of_rooms("reports"))
    assert loaded_after(every) & {"textual", "rich.console", "httpx", "h11", "asyncio_dgram"} == set()


@pytest.mark.parametrize("arguments", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(arguments):
    statement = (
        "import sys, io, contextlib\n"
        f"sys.argv = ['trackerwatch', {arguments!r}]\n"
        "from trackerwatch.__main__ import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()"
    )
    unwanted = {"textual", "rich", "httpx", "h11", "asyncio", "asyncio_dgram", "ssl", "bencodepy"}
    assert loaded_after(statement) & unwanted == set()
