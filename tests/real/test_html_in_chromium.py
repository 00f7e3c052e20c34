"""The HTML report in a real browser: on a phone and on a desk, light and dark, with script and without, and on paper."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real.lab.browser import Browser
from tests.real.lab.places import BROWSERS, find_program
from tests.reports import pages
from trackerwatch.reports.formats import Style
from trackerwatch.reports.html import render

if TYPE_CHECKING:
    from collections.abc import Iterator

REPORTS = {
    "release": pages.release,
    "hostile": pages.hostile,
    "several": pages.several_vantages,
    "alone": pages.trackers_alone,
    "many": pages.many,
}


@pytest.fixture(scope="module")
def browser(cannot_run) -> Iterator[Browser]:
    program = next(filter(None, map(find_program, BROWSERS)), None)
    if program is None:
        cannot_run("not installed: chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(program, Path(profile))
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    files = {name: folder / f"{name}.html" for name in REPORTS}
    for name, make in REPORTS.items():
        files[name].write_text("".join(render(make(), Style())), encoding="utf-8")
    return files


@pytest.mark.parametrize("width", [360, 390, 1100, 1280])
@pytest.mark.parametrize("name", REPORTS)
def test_it_fits_complains_of_nothing_and_asks_nobody(browser, files, name, width):
    browser.open(files[name], width=width)
    # With everything unfolded: what is folded fits as well.
    across, seen = browser.run(
        "document.querySelectorAll('details').forEach(d => d.open = true),"
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert seen == width
    assert across <= width
    assert browser.complaints() == []
    assert browser.requests() == [files[name].resolve().as_uri()]


@pytest.mark.parametrize("width", [360, 800, 1100, 1280, 1600])
def test_names_have_room(browser, files, width):
    browser.open(files["release"], width=width)
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    for table in ("torrents", "trackers"):
        narrowest = browser.run(
            f"Math.min(...[...document.querySelectorAll('.{table} tbody th')].map(h => h.getBoundingClientRect().width))"
        )
        assert narrowest >= 150


def test_foreign_text_does_nothing(browser, files):
    browser.open(files["hostile"], width=1280)
    assert browser.run("document.querySelectorAll('img, iframe, object').length") == 0
    assert browser.run("document.scripts.length") == 1
    assert "<script>alert(1)</script>" in browser.run("document.querySelector('h1').textContent")


def test_dark_and_light_differ_and_paper_is_light(browser, files):
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.open(files["release"], width=390)
    assert browser.run(ground) == "rgb(245, 246, 248)"
    browser.open(files["release"], width=390, dark=True)
    assert browser.run(ground) == "rgb(19, 22, 26)"
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    browser.send("Emulation.setEmulatedMedia", media="print", features=[dark])
    ink = browser.run("getComputedStyle(document.querySelector('h1')).color")
    assert browser.run(ground) == "rgba(0, 0, 0, 0)"
    assert ink == "rgb(27, 32, 39)"


COLUMN = "[...document.querySelectorAll('.torrents')].at(-1).tBodies[0].rows].map(r => r.cells[2].textContent)"


def test_tables_sort_by_mouse_and_by_keyboard(browser, files):
    browser.open(files["release"], width=1280)
    seeders = "[..." + COLUMN
    head = "[...document.querySelectorAll('.torrents')].at(-1).tHead.rows[0].cells[2]"
    numbers = [int(number) for number in browser.run(seeders)]
    assert numbers == sorted(numbers, reverse=True)
    assert browser.run(f"{head}.getAttribute('aria-sort')") == "none"
    browser.run("document.querySelector('details').open = true")
    browser.run(f"{head}.querySelector('button').click()")
    assert [int(number) for number in browser.run(seeders)] == sorted(numbers)
    assert browser.run(f"{head}.getAttribute('aria-sort')") == "ascending"
    browser.run(f"{head}.querySelector('button').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.send(
            "Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", windowsVirtualKeyCode=13, text="\r"
        )
    assert browser.run(f"{head}.getAttribute('aria-sort')") == "descending"
    assert [int(number) for number in browser.run(seeders)] == sorted(numbers, reverse=True)


def test_a_tracker_keeps_its_addresses_when_sorted(browser, files):
    browser.open(files["release"], width=1280)
    browser.run("document.querySelector('.trackers').tHead.rows[0].cells[1].querySelector('button').click()")
    bodies = browser.run(
        "[...document.querySelector('.trackers').tBodies].map(b => b.textContent.replace(/\\s+/g, ' '))"
    )
    assert ["https" in body for body in bodies] == [True, False, False]
    assert ["198.51.100.20" in body for body in bodies] == [True, False, False]
    assert ["2001:db8::7" in body for body in bodies] == [False, True, False]


def test_a_torrent_is_found_among_thousands(browser, files):
    browser.open(files["many"], width=1280)
    count = "[...document.querySelectorAll('.torrents tbody tr')].filter(r => r.offsetParent !== null).length"
    browser.run(
        "(i => { i.value = 'imaging-v4321-'; i.dispatchEvent(new Event('input')); })(document.querySelector('#find input'))"
    )
    assert browser.run(count) == 1
    assert browser.run("document.querySelector('#find output').textContent") == "1 of 5,000"
    browser.run("(i => { i.value = ''; i.dispatchEvent(new Event('input')); })(document.querySelector('#find input'))")
    assert browser.run("[...document.querySelectorAll('.group')].every(g => !g.hidden)")
    assert browser.run("document.querySelectorAll('.group details[open]').length") == 0


def test_without_script_it_is_complete(browser, files):
    browser.open(files["release"], width=390, script=False)
    tree = browser.send("DOM.getDocument", depth=-1)
    found = browser.send("DOM.querySelectorAll", nodeId=tree["root"]["nodeId"], selector=".torrents tbody tr")
    assert len(found["nodeIds"]) == 12
    assert not browser.send("DOM.querySelectorAll", nodeId=tree["root"]["nodeId"], selector="button")["nodeIds"]
    assert browser.complaints() == []


def test_on_paper_everything_is_unfolded(browser, files):
    browser.open(files["release"], width=1280)
    browser.run("dispatchEvent(new Event('beforeprint'))")
    assert browser.run("[...document.querySelectorAll('details')].every(d => d.open)")
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert browser.run("[...document.querySelectorAll('details')].every(d => !d.open)")
    # Also where no script tells: two pages are not enough for twelve torrents in full.
    assert browser.printed().startswith(b"%PDF-")
    browser.send("Emulation.setEmulatedMedia", media="print")
    assert browser.run(
        "[...document.querySelectorAll('.torrents tbody tr')].every(r => r.getBoundingClientRect().height > 0)"
    )
