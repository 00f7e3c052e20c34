"""Writes day.txt, a day of outcomes as rounds see them: `python -m tests.health.days.make_day`.

The incidents are written here by the clock, so that what they must come to can be worked out by hand; chance, with a fixed
seed, gives latencies and single lost rounds. One line a sample: second of the day, endpoint, outcome (`ok` or a failure kind),
latency in milliseconds (`-`: none), datagrams sent, datagrams lost, seconds it speaks for.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

DAY = Path(__file__).with_name("day.txt")
DAY_S = 86400
REASKS_S = (15, 45, 120)
SUSPENDED = (3600, 6 * 3600 + 1800)
OFFLINE = (9 * 3600, 9 * 3600 + 1200)


def clock(text: str) -> int:
    hours, minutes, seconds = (*text.split(":"), "0")[:3]
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def within(at: int, begin: str, end: str) -> bool:
    return clock(begin) <= at < clock(end)


def alpha(at: int) -> str:
    """UDP, well but for single rounds; 12:00 to 12:30 a datagram in five is lost."""
    return "lossy" if within(at, "12:00", "12:30") else "ok"


def beta(at: int) -> str:
    """UDP. Out from 10:00 to 11:10; out four minutes in ten from 14:00 to 15:30; slow from 18:00 to 19:00."""
    if within(at, "10:00", "11:10"):
        return "timeout"
    if within(at, "14:00", "15:30"):
        return "timeout" if (at - clock("14:00")) % 600 < 240 else "ok"
    return "slow" if within(at, "18:00", "19:00") else "ok"


def gamma(at: int) -> str:
    """HTTP. Refuses from 16:00 to 17:05; from 20:00 to 22:00 it fails for a moment each half hour."""
    if within(at, "16:00", "17:05"):
        return "refused"
    if within(at, "20:00", "22:00"):
        return "http_status" if at % 1800 < 10 else "ok"
    return "ok"


def delta(at: int) -> str:
    """IPv6, and no route leads there."""
    return "no_route"


def own(at: int) -> str:
    """UDP, asked every 30 s. Silent for a minute at 13:00, for five at 21:00."""
    return "timeout" if within(at, "13:00", "13:01") or within(at, "21:00", "21:05") else "ok"


PLAN = {
    # endpoint: (what happens, interval, offset, median latency, whether re-asked, chance of a single lost round)
    "alpha": (alpha, 120, 0, 0.035, True, 0.02),
    "beta": (beta, 120, 40, 0.120, True, 0.0),
    "gamma": (gamma, 900, 0, 0.250, True, 0.0),
    "delta": (delta, 900, 60, 0.0, False, 0.0),
    "own": (own, 30, 10, 0.002, False, 0.0),
}


def samples(endpoint: str, random: Random) -> list[str]:
    """The lines of one endpoint."""
    happens, interval_s, offset_s, median_s, reasked, chance = PLAN[endpoint]
    due = [(at, False) for at in range(offset_s, DAY_S, interval_s)]
    lines = []
    before: int | None = None
    failures = drops = since_lost = 0
    while due:
        at, again = due.pop(0)
        if SUSPENDED[0] <= at < SUSPENDED[1]:
            before = None
            continue
        offline = OFFLINE[0] <= at < OFFLINE[1]
        outcome = "local_offline" if offline and endpoint != "delta" else happens(at)
        since_lost += 1
        # Single, and far enough apart never to be two in ten: `failing` and `down` come from the plan alone.
        if outcome == "ok" and chance and since_lost > 12 and random.random() < chance:
            outcome, since_lost = "timeout", 0
        sent, lost, latency = 2, 0, "-"
        if outcome in ("ok", "lossy", "slow"):
            latency_s = median_s * random.lognormvariate(0, 0.3) + (3.0 if outcome == "slow" else 0.0)
            latency = f"{latency_s * 1000:.1f}"
        if outcome == "lossy":
            needed = 2
            sent = 0
            while needed:
                sent, drops = sent + 1, drops + 1
                if drops % 5:
                    needed -= 1
                else:
                    lost += 1
        elif outcome == "timeout":
            sent, lost = 4, 4
        counted = outcome not in ("local_offline", "no_route")
        covers_s = at - before if before is not None and counted else 0
        before = at if counted else None
        shown = "ok" if latency != "-" else outcome
        lines.append(f"{at} {endpoint} {shown} {latency} {sent} {lost} {covers_s}")
        if counted:
            failures = 0 if shown == "ok" else failures + 1
        if reasked and not again and failures == 1 and counted and shown != "ok":
            due = sorted([*due, *((at + later, True) for later in REASKS_S if at + later < DAY_S)])
        if shown == "ok" and any(again for _, again in due[:3]):
            # Answered: the re-asks that are left are not needed.
            due = [(later, again) for later, again in due if not again]
    return lines


def main() -> None:
    """Write the file."""
    lines = [line for seed, endpoint in enumerate(PLAN) for line in samples(endpoint, Random(seed))]
    lines.sort(key=lambda line: (int(line.split()[0]), line.split()[1]))
    DAY.write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
