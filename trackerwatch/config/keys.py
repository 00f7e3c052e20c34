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

        for action, written in read:
            if action not in actions.ACTIONS:
                meant = near(action, actions.ACTIONS)
                hint = f"did you mean {meant}?" if meant else "`?` on the screen names them"
                raise WrongValueError(f"there is no action {shown(action)}; {hint}", at=(action,))
            try:
                actions.parse_keys(written)
            except ValueError as error:
                raise WrongValueError(str(error), at=(action,)) from None
        for action, other, key in actions.conflicts(dict(read)):
            raise WrongValueError(
                f"{actions.shown_key(key)} is the key of {other}, too; give that another one, or none", at=(action,)
            )
        return read
