"""The transition table of one endpoint.

The rules. An endpoint is fed with samples: one a round, however many datagrams the round took. What a sample says is a
`Verdict`; the table then gives the next state. A verdict depends on what came before:

- A sample that is not counted changes nothing at all.
- A failure is `DOUBTFUL`, and the endpoint pending, until there are `Thresholds.down_after` in a row: `FAILED`. In a one-shot
  run the second is enough, and the first where it is conclusive (refused, no such name, TLS).
- An answer is `WELL`, or `POORLY` where a reason holds (`trackerwatch.health.endpoint.degraded_reasons`). After down it is `ONCE`
  until there are `Thresholds.up_after` in a row; an endpoint that never answered before is believed at once.

A pair that is missing cannot happen.
"""

from __future__ import annotations

from trackerwatch.health.states import Health, Verdict

_UNKNOWN, _UP, _DEGRADED, _DOWN = Health.UNKNOWN, Health.UP, Health.DEGRADED, Health.DOWN

NEXT: dict[tuple[Health, Verdict], Health] = {
    (_UNKNOWN, Verdict.NOT_COUNTED): _UNKNOWN,
    (_UNKNOWN, Verdict.WELL): _UP,
    (_UNKNOWN, Verdict.POORLY): _DEGRADED,
    (_UNKNOWN, Verdict.DOUBTFUL): _UNKNOWN,
    (_UNKNOWN, Verdict.FAILED): _DOWN,
    (_UP, Verdict.NOT_COUNTED): _UP,
    (_UP, Verdict.WELL): _UP,
    (_UP, Verdict.POORLY): _DEGRADED,
    (_UP, Verdict.DOUBTFUL): _UP,
    (_UP, Verdict.FAILED): _DOWN,
    (_DEGRADED, Verdict.NOT_COUNTED): _DEGRADED,
    (_DEGRADED, Verdict.WELL): _UP,
    (_DEGRADED, Verdict.POORLY): _DEGRADED,
    (_DEGRADED, Verdict.DOUBTFUL): _DEGRADED,
    (_DEGRADED, Verdict.FAILED): _DOWN,
    (_DOWN, Verdict.NOT_COUNTED): _DOWN,
    (_DOWN, Verdict.WELL): _UP,
    (_DOWN, Verdict.POORLY): _DEGRADED,
    (_DOWN, Verdict.ONCE): _DOWN,
    (_DOWN, Verdict.DOUBTFUL): _DOWN,
    (_DOWN, Verdict.FAILED): _DOWN,
}
