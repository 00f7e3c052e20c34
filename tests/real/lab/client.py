"""One libtorrent session as a program: a seeder of some torrents and a leecher of others.

Run as `python -m tests.real.lab.client SETTINGS`, SETTINGS being JSON: `interfaces` (libtorrent's form), `content` (the folder
with whole content), `empty` (a folder for leechers), `seeds` and `leeches` (paths of .torrent files). A leecher takes nothing until a line
on standard input names its torrent; the program ends with its standard input.

One process a client: libtorrent keeps UDP connection ids per process and per tracker address, and trackers bind them to the
address of the client.
"""

from __future__ import annotations

import json
import sys

import libtorrent as lt


def main() -> None:
    """Serve until standard input ends."""
    settings = json.loads(sys.argv[1])
    session = lt.session(
        {
            "listen_interfaces": settings["interfaces"],
            "enable_dht": False,
            "enable_lsd": False,
            "enable_upnp": False,
            "enable_natpmp": False,
            "announce_to_all_trackers": True,
            "announce_to_all_tiers": True,
            "allow_multiple_connections_per_ip": True,
            # Two peers that want nothing of each other stay connected, and come back at once: a download may begin later.
            "close_redundant_connections": False,
            "min_reconnect_time": 1,
            "ssrf_mitigation": False,
            "in_enc_policy": 2,
            "out_enc_policy": 2,
            "alert_mask": lt.alert.category_t.error_notification | lt.alert.category_t.tracker_notification,
        }
    )
    handles = {}
    for role in ("seeds", "leeches"):
        for path in settings[role]:
            parameters = lt.load_torrent_file(path)
            parameters.save_path = settings["content" if role == "seeds" else "empty"]
            parameters.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
            if role == "leeches":
                # Not auto-managed: libtorrent would leave upload mode by itself.
                parameters.flags |= lt.torrent_flags.upload_mode
            handle = session.add_torrent(parameters)
            handles[parameters.ti.name()] = handle
    for line in sys.stdin:
        handles[line.strip()].unset_flags(lt.torrent_flags.upload_mode)
    sys.stderr.writelines(f"{alert}\n" for alert in session.pop_alerts())


if __name__ == "__main__":
    main()
