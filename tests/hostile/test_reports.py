"""Hostile text in every place of a report and in every format of it: read back by strangers, it is text and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from tests.hostile.cast import PASSKEY, PATH, Saying
from tests.hostile.child import UNSAFE, run
from tests.hostile.documents import READERS, read
from tests.metainfo.torrents import bencode, torrent_of, v1_info
from tests.reports import scenes
from tests.reports.test_building import HERE, report_on
from trackerwatch.engine.views import AnnounceView, AskState, Disabled, Mute, Source
from trackerwatch.failover import Role
from trackerwatch.health import Health
from trackerwatch.outcome import FailureKind, SwarmCounts
from trackerwatch.outside_text import clean
from trackerwatch.policy.rules import Rule, Verdict
from trackerwatch.reports import FORMATS, Style, renderer
from trackerwatch.reports.building import empty_report
from trackerwatch.reports.diff.changes import Change, ChangeKind, Changes
from trackerwatch.reports.rows import PolicyNote, Quorum, Remembered, SkippedInput, Vantage, Vote
from trackerwatch.reports.values import moment

WORD = "canary"
"""In every text, and shown by every format that shows the text."""

HOSTILE = {
    "formula": "=cmd('/c calc')!A1 canary",
    "sum": "@SUM(1+1)*canary",
    "minus": "-2+3+canary;=1+1;@x",
    "pipe": "|canary|calc|'x'=1",
    "script": "<script>alert('canary')</script>",
    "attribute": '" onmouseover="alert(1)" canary=\'',
    "picture": "<img src=x onerror=alert(1)>canary</td></table>",
    "comment": "<!-- canary --> <![CDATA[ x ]]> ]]> -->",
    "entity": "&lt;canary&gt; &#0; &amp;amp; &nbsp",
    "lines": "canary\r\n::error::pwned\n# HELP x\n- [ ] y",
    "command": "::error file=a::canary",
    "old command": "##[error]canary ##vso[task.setvariable variable=x]y",
    "masking": "canary ::add-mask::a ::stop-commands::b %0A::error::c",
    "link": "[canary](javascript:alert(1)) ![x](http://evil.example/y.png)",
    "reference": "[canary]: http://evil.example <http://evil.example> www.evil.example",
    "backticks": "`` canary ``` `$(reboot)` ${IFS}",
    "mention": "@canary see #1, GH-2 and a/b#3 a@b.example",
    "markdown": "# canary\n\n| a | b |\n|---|---|\n***x*** ~~y~~ > z",
    "ansi": "\x1b[31mcanary\x1b]0;owned\x07 \x1b]8;;http://evil.example\x1b\\x",
    "c1": "\x9b31mcanary\x90x\x9c \x85y",
    "bidi": "canary \u202egpj.exe\u2066x\u2069 \u200b\u200d\ufeff",
    "controls": "ca\x00nary\x07\x08\x7f \x0b\x0c",
    "surrogate": "canary \ud800 \udfff\udc41 \ufffe\uffff",
    "separators": "canary\u2028x\u2029y\tz",
    "quotes": '"canary" \'x\' \\"y\\" \\n {}{{x}} %s %(y)s {0}',
    "label": 'canary"} 1\ntrackerwatch_up{x="',
    "figure": "canary'=1;2;3 'x y'=9s",
    "json": '"}],"canary":[{"x":"',
    "toml": "canary\\u0000\\x1b ${{ github.token }}",
    "long": "canary " + "x" * 100_000,
    "wide": "canary " + "界" * 3000,
    "marks": "canary" + "\u0301" * 5000,
    "emoji": "canary \U0001f1e9\U0001f1ea \U0001f469\u200d\U0001f4bb \U000e0041",
}

TITLED = {"badge", "badge-json"}
"""Formats that show the title alone."""


def views(text):
    """A scene with the text wherever a view holds text."""
    listed = scenes.torrent(text, [scenes.DEAD], [scenes.UP])
    listed = replace(listed, info_hash=b"h" * 20, sources=(f"{text}/{text}.torrent", text))
    unwell = scenes.torrent(f"{text} 2", [scenes.UP])
    unwell = replace(unwell, info_hash=b"g" * 20, sources=(text,))
    failure = scenes.refused(FailureKind.FAILURE_REASON, text)
    warned = AnnounceView(
        AskState.ANSWERED, peers=1, warning=text, failure=None, observed_at=scenes.NOW, source=Source.LIVE
    )
    answers = (
        scenes.answer(listed, scenes.DEAD, Role.FAILED, failure=failure),
        replace(scenes.answer(listed, scenes.UP, Role.ACTIVE, SwarmCounts(1, 2, 3), index=1), announce=warned),
    )
    problem = replace(scenes.problem(Rule.UNREGISTERED, text, text, of=listed), since=scenes.NOW - timedelta(days=3))
    private = replace(scenes.problem(Rule.PRIVATE_NOT_ASKED, text, text, of=unwell))
    dead = scenes.tracker(scenes.DEAD, Health.DOWN, failure=failure)
    up = replace(
        scenes.tracker(scenes.UP), note=text, muted=Mute(None, text), disabled=None, interval_wish_s=60.0, added=True
    )
    off = replace(scenes.tracker("http://off.example/announce", Health.UNKNOWN), disabled=Disabled(text))
    return scenes.snapshot(
        [
            scenes.seen(
                listed, Verdict.WARNING, counts=SwarmCounts(1, 2, 3), answers=answers, problems=(problem,), why=text
            ),
            scenes.seen(unwell, Verdict.UNKNOWN, working=0, problems=(private,), why=text),
        ],
        [dead, up, off, scenes.tracker(scenes.KEYED, Health.UNKNOWN, endpoints=())],
        (
            scenes.problem(Rule.TRACKER_DOWN, text, text, at=dead.tracker),
            scenes.problem(Rule.IMPLAUSIBLE, f"{text} 2", text),
        ),
    )


def report_with(text):
    """A report with the text in every place that may hold text from outside."""
    report = report_on(views(text), skipped=[SkippedInput(text, text), SkippedInput(f"{text} 2", text)])
    first, second = (view.torrent.info_hash_hex for view in report.torrents)
    items = tuple(Change(kind, text, torrent=first, before=text, after=text) for kind in ChangeKind)
    there = Vantage(HERE.id, text)
    votes = tuple(Vote(there, scenes.EARLIER, fresh=fresh, verdict=Verdict.WARNING) for fresh in (True, False))
    return replace(
        report,
        vantage=there,
        title=text,
        # Told in one piece, to be copied: it may be as wide as it is.
        command=f"trackerwatch report {text[:40]}",
        collection_of={first: text, second: f"{text} 2"},
        collections={text: {Verdict.WARNING: 1}, f"{text} 2": {Verdict.UNKNOWN: 1}},
        policy=PolicyNote(text, 1, 1, (text, f"{text} 2")),
        changes=Changes(text, scenes.EARLIER, items),
        quorum=Quorum(1, votes, {report.trackers[0].tracker.id: (text,)}),
        remembered=Remembered(1, 1.0, 60.0),
    )


def written(name, report):
    """A document as it is written to a file."""
    return "".join(renderer(name)(report, Style())).encode("utf-8", "backslashreplace").decode("utf-8")


def test_every_format_has_a_reader():
    assert set(READERS) == set(FORMATS)


@cache
def harmless_skeleton(name):
    """What is around a text that nobody could object to."""
    return read(name, written(name, report_with(f"plain {WORD}"))).skeleton


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_is_text(name, text):
    """As the views hold it: through the doorway for foreign text, and no further."""
    told = clean(text)
    seen = read(name, written(name, report_with(told)))
    assert seen.skeleton == harmless_skeleton(name), "no text makes an element, a row, a series or a command of itself"
    assert WORD in seen.all
    if name not in TITLED | {"table", "nagios", "markdown"}:
        # Formats for machines keep it to the letter, but for what every runner obeys wherever it stands.
        assert (told.replace("##", "# ") if name == "github" else told) in seen.all


RAW = ("json", "jsonl", "csv", "junit", "prometheus", "nagios")
"""Formats for machines hold their form whatever stands in a view."""


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_no_text_breaks_a_format_for_machines(name, text, monkeypatch):
    monkeypatch.setattr("tests.hostile.documents.UNSAFE", NOTHING)
    seen = read(name, written(name, report_with(text)))
    if name != "nagios":
        assert seen.skeleton == harmless_skeleton(name)


class NOTHING:
    """Finds nothing unsafe: of text that did not come through the doorway that is not promised."""

    @staticmethod
    def search(_):
        return None


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_report_of_nothing(name, text):
    told = clean(text)
    skipped = [SkippedInput(told, told)]
    report = empty_report(told, vantage=Vantage(HERE.id, told), duration_s=0.0, skipped=skipped)
    assert read(name, written(name, replace(report, title=told, command=told[:40]))).texts


@pytest.mark.parametrize("name", FORMATS)
def test_a_key_in_a_url_is_in_no_format(name):
    document = written(name, report_with("plain text"))
    assert "0123456789abcdef" not in document


# -- the real thing --------------------------------------------------------------------------------------------------

COLLECTION = "=canary()|<b>`x`]]>"
POLICY = f"""
min_seeders = 2

[collections."{COLLECTION}"]
filter = "size<100TB"
"""
FILES = (
    "=canary().torrent",
    "<script>canary<script>.torrent",
    "-canary|x;=1+1.torrent",
    "canary\x1b[31m\n::error::x.torrent",
)


@pytest.fixture(scope="module")
def real_run(tmp_path_factory):
    """Torrents, trackers, a policy, a title and inputs that say what nobody should, in every format at once."""
    return asyncio.run(run_of_everything(tmp_path_factory.mktemp("reports")))


async def run_of_everything(folder):
    home, torrents = folder / "home", folder / "torrents <i>canary"
    home.mkdir()
    torrents.mkdir()
    (folder / "=policy|`canary`.toml").write_text(POLICY)
    words = ["--policy", folder / "=policy|`canary`.toml", "--title", HOSTILE["script"] + HOSTILE["ansi"]]
    for name in FORMATS:
        words += ["--format", name, "-o", f"out.{name}"]
    async with contextlib.AsyncExitStack() as stack:
        for number, text in enumerate(HOSTILE.values()):
            raw = text.encode("utf-8", "surrogatepass")[:2000] + PASSKEY.encode()
            refusal, warning = {b"failure reason": raw}, {b"warning message": raw, b"interval": 1800, b"complete": 1}
            said = (refusal, refusal) if number % 2 else (refusal, warning)
            double = Saying(*said, host=f"127.0.2.{number + 1}", path=PATH)
            tracker = (await stack.enter_async_context(double)).tracker
            info = bencode(v1_info(name=text.encode("utf-8", "surrogatepass")))
            (torrents / f"{number}.torrent").write_bytes(torrent_of(info, announce=tracker.url))
        for name in FILES:
            (torrents / name).write_bytes(b"d4:infoi1ee")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GITHUB_STEP_SUMMARY", str(home / "out.summary"))
            return await run(torrents, *words, "--allow-private", "--no-store", home=home)


@pytest.fixture(scope="module")
def foreign_report(tmp_path_factory):
    """A report file that somebody else wrote, and that says what no report of ours would, in every format at once."""
    folder = tmp_path_factory.mktemp("foreign")
    (folder / "home").mkdir()
    path = folder / "=canary|<b>.json"
    report = replace(report_with("TEXT"), quorum=None)
    value = json.loads("".join(renderer("json")(report, Style())))
    value["generated_at"] = moment(datetime.now(UTC))
    path.write_text(json.dumps(_said(value, "\n".join(HOSTILE.values())[:250])))
    value["vantage"]["id"] = "00000000-0000-4000-8000-000000000000"
    other = folder / "other.json"
    other.write_text(json.dumps(_said(value, HOSTILE["ansi"] + HOSTILE["bidi"] + HOSTILE["script"])))
    words = [
        "--from",
        path,
        "--from",
        other,
        "--from",
        folder / "<i>canary",
        "--title",
        HOSTILE["c1"],
        "--against",
        path,
    ]
    for name in FORMATS:
        words += ["--format", name, "-o", f"out.{name}"]
    return asyncio.run(run(*words, "--no-store", home=folder / "home"))


def _said(value, text):
    """A JSON document with a text wherever it says TEXT."""
    if isinstance(value, dict):
        return {key: _said(inner, text) for key, inner in value.items()}
    if isinstance(value, list):
        return [_said(inner, text) for inner in value]
    return value.replace("TEXT", text) if isinstance(value, str) else value


@pytest.mark.parametrize("name", FORMATS)
def test_a_foreign_report(foreign_report, name):
    assert "Traceback" not in foreign_report.stderr
    assert not UNSAFE.search(foreign_report.stderr)
    assert WORD in read(name, foreign_report.files[f"out.{name}"]).all


@pytest.fixture(scope="module")
def check_of_no_urls(tmp_path_factory):
    """`check` of what is no URL beside one of which nobody answers."""
    home = tmp_path_factory.mktemp("check")
    words = ["udp://127.0.0.1:9/canary", "http://<script>canary", "udp://=cmd()|canary", "\x1b[31m`canary`\n::error::x"]
    for name in FORMATS:
        words += ["--format", name, "-o", f"out.{name}"]
    return asyncio.run(run(*words, "--allow-private", "--no-store", command="check", home=home))


@pytest.mark.parametrize("name", FORMATS)
def test_a_check_of_no_urls(check_of_no_urls, name):
    assert "Traceback" not in check_of_no_urls.stderr
    assert not UNSAFE.search(check_of_no_urls.stderr)
    assert check_of_no_urls.exit_code == 2
    assert read(name, check_of_no_urls.files[f"out.{name}"]).texts


class TestARealRun:
    def test_it_ran(self, real_run):
        assert real_run.exit_code in {1, 2}
        assert set(real_run.files) == {"out.summary", *(f"out.{name}" for name in FORMATS)}
        assert real_run.stdout == ""
        assert "Traceback" not in real_run.stderr
        assert not UNSAFE.search(real_run.stderr)
        report = json.loads(real_run.files["out.json"])
        assert len(report["torrents"]) == len(HOSTILE)
        assert len(report["skipped"]) == len(FILES)
        assert {torrent["collection"] for torrent in report["torrents"]} == {COLLECTION}
        said = [answer["announce"]["warning"] for torrent in report["torrents"] for answer in torrent["trackers"]]
        assert sum(bool(warning and WORD in warning) for warning in said) > len(HOSTILE) / 3

    @pytest.mark.parametrize("name", FORMATS)
    def test_every_document_is_one(self, real_run, name):
        seen = read(name, real_run.files[f"out.{name}"])
        # So many problems alike are one line there, without names.
        assert name == "nagios" or WORD in seen.all

    def test_the_summary_of_a_step_is_harmless_markdown(self, real_run):
        assert WORD in read("markdown", real_run.files["out.summary"]).all

    @pytest.mark.parametrize("name", [*FORMATS, "summary"])
    def test_no_key_is_told(self, real_run, name):
        document = real_run.files[f"out.{name}"]
        assert PASSKEY not in document
        assert PASSKEY[:12] not in document
