"""A kind of value: keys of the live screen by the action they do."""

from __future__ import annotations

from dataclasses import dataclass

from trackerwatch.config.tables import Texts
from trackerwatch.config.values import WrongValueError, near, shown


@dataclass(frozen=True, slots=True)
class Keys(Texts):
    """A table from actions to keys. Gives a tuple of (action, keys as written)."""

    def read(self, value: object) -> tuple[tuple[str, str], ...]:
        """Take a table whose actions there are, whose keys there are, and in which no two meet."""
        # `Texts` is a slotted dataclass: `super()` without arguments would look for its first form.
        read = Texts.read(self, value)
        if not read:
            return read
        from trackerwatch import actions  # noqa: PLC0415 - few configs give keys

        wrong: list[tuple[str, str]] = []
        for action, written in read:
            if action not in actions.ACTIONS:
                meant = near(action, actions.ACTIONS)
                hint = f"did you mean {meant}?" if meant else "`?` on the screen names them"
                wrong.append((action, f"there is no action {shown(action)}; {hint}"))
                continue
            try:
                actions.parse_keys(written)
            except ValueError as error:
                wrong.append((action, str(error)))
        wrong += [
            (action, f"{actions.shown_key(key)} is the key of {other}, too; give that another one, or none")
            for action, other, key in actions.conflicts(dict(read))
        ]
        if wrong:
            # All at one go: nobody likes to be told of them one by one.
            (first, told), *others = wrong
            more = "".join(f"; {shown(action)}: {why}" for action, why in others)
            raise WrongValueError(told + more, at=(first,))
        return read
