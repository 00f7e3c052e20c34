"""What the user orders of single trackers while the engine runs: carried out, handed to who keeps it, and taken back."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from trackerwatch.engine.clock import at
from trackerwatch.engine.standing_orders import disabled_of, interval_s, mute_of, order_for
from trackerwatch.orders import NOTHING_ORDERED, Aspect, TrackerOrder, differing, keys_of, restored, taken
from trackerwatch.outside_text import clean, redact_host
from trackerwatch.schedule.pace import LOCAL_WINDOW_S

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from trackerwatch.engine.clock import Clock
    from trackerwatch.engine.commands import DisableTrackers, MuteTrackers, SetInterval
    from trackerwatch.engine.conclusions import Conclusions
    from trackerwatch.engine.outage import Outage
    from trackerwatch.engine.running import Running
    from trackerwatch.engine.tracker_state import TrackerState
    from trackerwatch.engine.watchlist import Watchlist
    from trackerwatch.orders import OrderKeeper, Orders

STEPS_KEPT = 50
"""So many changes can be taken back."""
LONGEST_INTERVAL_S = 30 * 86400.0
"""As in the config."""
MAX_WHY_CHARS = 200


@dataclass(frozen=True, slots=True)
class Step:
    """Something that can be taken back."""

    what: str
    before: Mapping[str, TrackerOrder]
    """By key, as it was."""
    after: Mapping[str, TrackerOrder]
    take_back: Callable[[], None] | None = None
    """Where it is no order."""


class OrderDesk:
    """Takes orders, and knows what they were before."""

    def __init__(
        self,
        watchlist: Watchlist,
        clock: Clock,
        *,
        running: Running,
        outage: Outage,
        conclusions: Conclusions,
    ) -> None:
        self._watchlist = watchlist
        self._clock = clock
        self._running = running
        self._outage = outage
        self._conclusions = conclusions
        self._steps: deque[Step] = deque(maxlen=STEPS_KEPT)
        self.keeper: OrderKeeper | None = None
        """Keeps orders from one run to the next. None: they hold for this run."""

    @property
    def _orders(self) -> Orders:
        return self._watchlist.settings.orders

    # ------------------------------------------------------------------ commands

    def mute(self, states: Sequence[TrackerState], command: MuteTrackers) -> str:
        """Take trackers out of verdicts, or back in; one line that says so."""
        now = self._clock.wall()
        if command.muted and command.until is not None and command.until <= now:
            return "that is over already: nothing is muted"
        if command.muted:
            wish = TrackerOrder(muted=True, muted_until=command.until, mute_why=_line(command.why, states))
            until, today = at(command.until), at(now)
            year = " %Y" if until and today and until.year != today.year else ""
            words = "muted until " + ("you take it back" if until is None else until.strftime(f"%d %b{year} %H:%M UTC"))
            return self._order(states, Aspect.MUTE, wish, words)
        return self._order(states, Aspect.MUTE, self._heard, "heard again")

    def disable(self, states: Sequence[TrackerState], command: DisableTrackers) -> str:
        """Ask trackers nothing more, or ask them again; one line that says so."""
        if command.disabled:
            wish = TrackerOrder(disabled=True, disable_why=_line(command.why, states))
            return self._order(states, Aspect.DISABLE, wish, "switched off; nothing is sent to it")
        return self._order(states, Aspect.DISABLE, self._asked, "asked again")

    def interval(self, states: Sequence[TrackerState], command: SetInterval) -> str:
        """Ask trackers at another interval; one line that says so, and where manners or the tracker bound it."""
        wish_s = command.interval_s
        if wish_s is None:
            return self._order(states, Aspect.INTERVAL, self._paced, "asked as the settings say")
        if not LOCAL_WINDOW_S <= wish_s <= LONGEST_INTERVAL_S:
            return f"an interval is from {_span(LOCAL_WINDOW_S)} to {_span(LONGEST_INTERVAL_S)} long"
        said = self._order(states, Aspect.INTERVAL, TrackerOrder(interval_s=wish_s), f"asked every {_span(wish_s)}")
        bounded = [(s, real_s) for s in states if (real_s := interval_s(self._watchlist.settings, s)) > wish_s]
        if not bounded:
            return said
        state, real_s = max(bounded, key=lambda pair: pair[1])
        whose = "it asked for that itself" if (state.min_request_interval_s or 0.0) >= real_s else "it is a public one"
        if len(states) == 1:
            return f"{said}; in fact every {_span(real_s)}: {whose}"
        return f"{said}; {len(bounded)} of them less often, at most every {_span(real_s)}: manners, or their own wish"

    def undo(self) -> str:
        """Take the latest change back; one line that says which."""
        while self._steps:
            step = self._steps.pop()
            said = f"taken back: {step.what}"
            if step.take_back is not None:
                step.take_back()
                return said
            now = {key: self._orders.get(key, NOTHING_ORDERED) for key in step.before}
            changes = {key: restored(now[key], before, step.after[key]) for key, before in step.before.items()}
            # Elsewhere it may have been taken back already.
            if any(differing(now[key], order) for key, order in changes.items()):
                return said + self._put(changes, said, undoes=True)
        return "nothing to take back"

    def remember(self, what: str, take_back: Callable[[], None]) -> None:
        """Note something that is no order and can be taken back."""
        self._steps.append(Step(what, {}, {}, take_back))

    def take(self, orders: Orders) -> str:
        """Orders came from outside, instead of all that hold: what that changed, in one line. Empty: nothing."""
        now = self._clock.wall()
        old = {key: order.at(now) for key, order in self._orders.items()}
        new = {key: order.at(now) for key, order in orders.items()}
        changed = [
            key
            for key in dict.fromkeys((*old, *new))
            if differing(old.get(key, NOTHING_ORDERED), new.get(key, NOTHING_ORDERED))
        ]
        if not changed:
            return ""
        self._obey(orders, frozenset(changed))
        named = [_shown(key, new.get(key) or old[key]) for key in changed[:3]]
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        words = [_words(new.get(key, NOTHING_ORDERED)) for key in changed[:3]]
        told = [f"{name} {word}" for name, word in zip(named, words, strict=True)]
        return f"orders changed: {'; '.join(told)}{more}"

    # ------------------------------------------------------------------ carrying out

    def _heard(self, state: TrackerState, orders: Orders) -> TrackerOrder:
        """What else it takes to end a tracker's mute, where these orders hold of all but itself."""
        left = mute_of(replace(self._watchlist.settings, orders=orders), state.tracker, self._clock.wall())
        # What goes on without this tracker's own order has to be overruled; a window only until it closes.
        return NOTHING_ORDERED if left is None else TrackerOrder(muted=False, muted_until=left.until)

    def _asked(self, state: TrackerState, orders: Orders) -> TrackerOrder:
        """The same for being switched off."""
        settings = replace(self._watchlist.settings, orders=orders)
        return (
            TrackerOrder(disabled=False)
            if disabled_of(settings, state.tracker, self._clock.wall())
            else NOTHING_ORDERED
        )

    def _paced(self, state: TrackerState, orders: Orders) -> TrackerOrder:
        """The same for an interval, which only another one overrules."""
        settings, tracker = replace(self._watchlist.settings, orders=orders), state.tracker
        if order_for(settings, tracker, self._clock.wall()).interval_s is None:
            return NOTHING_ORDERED
        its_s = settings.tracker(tracker.host, tracker.port).interval_s
        return TrackerOrder(interval_s=settings.interval_s if its_s is None else its_s)

    def _order(
        self,
        states: Sequence[TrackerState],
        aspect: Aspect,
        wish: TrackerOrder | Callable[[TrackerState, Orders], TrackerOrder],
        words: str,
    ) -> str:
        """Order something of trackers, or take it back.

        Args:
            states: Of whom.
            aspect: What it is about.
            wish: What; or what it takes to have it taken back, of one tracker where some orders hold.
            words: What that means for them.
        """
        if not states:
            return "no tracker is chosen"
        host = self._whole_host(states)
        mine = [key for state in states for key in _keys(state)[: 3 if host else 1]]
        cleared = {
            key: taken(self._orders[key], NOTHING_ORDERED, aspect) for key in dict.fromkeys(mine) if key in self._orders
        }
        rest = {**self._orders, **cleared}
        changes = dict(cleared)
        if isinstance(wish, TrackerOrder):
            wishes = {host: wish} if host else {state.tracker.id: wish for state in states}
        else:
            wishes = {state.tracker.id: wish(state, rest) for state in states}
        for key, order in wishes.items():
            changes[key] = taken(rest.get(key, NOTHING_ORDERED), order, aspect)
        names = {state.tracker.id: state.tracker.host_port for state in states}
        now = self._clock.wall()
        changes = {
            key: replace(order, given_at=now, name=names.get(key, order.name))
            for key, order in changes.items()
            if key in self._orders or not order.is_empty
        }
        name = states[0].tracker.host_port if len(states) == 1 else f"{len(states)} trackers"
        name = f"{host}, all trackers" if host else name
        what = f"{name}: {words}"
        before = {key: self._orders.get(key, NOTHING_ORDERED) for key in changes}
        if not any(differing(before[key], order) for key, order in changes.items()):
            return f"{name}: {words} already"
        self._steps.append(Step(what, before, changes))
        return what + self._put(changes, what)

    def _whole_host(self, states: Sequence[TrackerState]) -> str:
        """The host whose trackers these are, all of several: then those that come later are meant, too. Empty: there is none."""
        host = states[0].tracker.host
        if len(states) == 1 or any(state.tracker.host != host for state in states) or redact_host(host) != host:
            return ""
        chosen = {state.index for state in states}
        others = (s for s in self._watchlist.trackers if s.index not in chosen and not s.retired)
        return "" if any(state.tracker.host == host for state in others) else host

    def _put(self, changes: Mapping[str, TrackerOrder], what: str, *, undoes: bool = False) -> str:
        """Carry changes out, and have them kept; what to add to the line that says so."""
        merged = {**self._orders, **changes}
        self._obey({key: order for key, order in merged.items() if not order.is_empty}, changes.keys())
        if self.keeper is None:
            return ""
        trouble = self.keeper.keep(changes, what=what, undoes=undoes)
        return f" ({trouble})" if trouble else ""

    def _obey(self, orders: Orders, keys: Collection[str]) -> None:
        """Go by these orders from now on, of which those under some keys changed."""
        self._watchlist.settings = replace(self._watchlist.settings, orders=dict(orders))
        # Of ten thousand trackers one is meant, and only that one is looked at and drawn anew.
        trackers = self._watchlist.trackers
        self.apply([s for s in trackers if _any_of(keys, s)])

    def apply(self, states: Sequence[TrackerState] | None = None) -> None:
        """Give trackers (None: all) the orders that hold now, and carry out what changed."""
        changed: list[TrackerState] = []
        turned: list[TrackerState] = []
        paced: list[TrackerState] = []
        for state in self._watchlist.trackers if states is None else states:
            before = (state.mute, state.disabled, state.interval_wish_s)
            self._watchlist.give_orders(state)
            if before == (state.mute, state.disabled, state.interval_wish_s):
                continue
            changed.append(state)
            if before[2] != state.interval_wish_s:
                paced.append(state)
            if (before[1] is None) != (state.disabled is None):
                turned.append(state)
        for state in turned:
            if state.disabled is not None:
                self._running.halt(state)
                self._outage.forget(state)
                state.switch_off()
            else:
                state.switch_on()
        if turned:
            self._conclusions.settle(*turned, quietly=True, ordered=True)
        for state in turned:
            if state.disabled is None and not state.retired:
                self._running.go_on(state)
        if changed:
            self._conclusions.resettle(changed)
        self._running.replan(paced)


def _line(text: str, states: Sequence[TrackerState]) -> str:
    """What a user said of trackers, without their keys: it is written down."""
    secrets = [secret for state in states for secret in state.tracker.secrets]
    return clean(text.strip(), limit_chars=MAX_WHY_CHARS, secrets=secrets)


def _shown(key: str, order: TrackerOrder) -> str:
    return clean(order.name or key)


def _words(order: TrackerOrder) -> str:
    """What holds of a tracker now, in a few words."""
    words = []
    if order.muted is not None:
        until = at(order.muted_until)
        end = "" if until is None else f" until {until:%Y-%m-%d %H:%M} UTC"
        words.append(f"is muted{end}" if order.muted else f"is heard all the same{end}")
    if order.disabled is not None:
        words.append("is switched off" if order.disabled else "is asked all the same")
    if order.interval_s is not None:
        words.append(f"is asked every {_span(order.interval_s)}")
    return ", ".join(words) or "is as the settings say"


def _span(seconds: float) -> str:
    """`45 s`, `5 min`, `2 h`, `90 min`."""
    if seconds < 120 or seconds % 60:
        return f"{seconds:g} s"
    minutes = seconds / 60
    return f"{minutes:g} min" if minutes < 120 or minutes % 60 else f"{minutes / 60:g} h"


def _any_of(keys: Collection[str], state: TrackerState) -> bool:
    """Whether one of these keys is about a tracker."""
    return any(key in keys for key in _keys(state))


def _keys(state: TrackerState) -> tuple[str, ...]:
    return keys_of(state.tracker.id, state.tracker.host, state.tracker.port)
