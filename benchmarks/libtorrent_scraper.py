"""libtorrent's `scrape_tracker`, 64 under way: what a user could install instead.

Run as `python -m benchmarks.libtorrent_scraper URL` with the hashes in hex on standard input; prints a JSON object with `seconds` and
`counts` (hash to seeders and leechers).
"""

from __future__ import annotations

import json
import sys
import time

import libtorrent as lt

UNDER_WAY = 64


def main() -> None:
    """Scrape and print."""
    url = sys.argv[1]
    session = lt.session(
        {
            "listen_interfaces": "127.0.0.1:0",
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "ssrf_mitigation": False,
            "alert_queue_size": 100_000,
            "alert_mask": lt.alert.category_t.tracker_notification | lt.alert.category_t.error_notification,
        }
    )
    handles = []
    for line in sys.stdin:
        parameters = lt.add_torrent_params()
        parameters.info_hashes = lt.info_hash_t(lt.sha1_hash(bytes.fromhex(line.strip())))
        parameters.trackers = [url]
        parameters.save_path = "."
        parameters.flags = lt.torrent_flags.paused
        handles.append(session.add_torrent(parameters))
    session.pop_alerts()
    counts: dict[str, tuple[int, int]] = {}
    failed = 0
    todo = iter(handles)
    started = time.perf_counter()
    under_way = 0
    for handle in todo:
        handle.scrape_tracker()
        under_way += 1
        if under_way >= UNDER_WAY:
            break
    while under_way:
        session.wait_for_alert(5000)
        for alert in session.pop_alerts():
            if isinstance(alert, lt.scrape_reply_alert):
                counts[str(alert.handle.info_hashes().v1)] = (alert.complete, alert.incomplete)
            elif isinstance(alert, lt.scrape_failed_alert):
                failed += 1
            else:
                continue
            under_way -= 1
            handle = next(todo, None)
            if handle is not None:
                handle.scrape_tracker()
                under_way += 1
    seconds = time.perf_counter() - started
    json.dump({"seconds": seconds, "counts": counts, "failed": failed}, sys.stdout)


if __name__ == "__main__":
    main()
