"""A kind of value: texts by name, such as keys by action and filters by the name they are saved under."""

from __future__ import annotations

from dataclasses import dataclass

from trackerwatch.config.values import MAX_ITEMS, Kind, WrongValueError, quoted, shown, toml_value

MAX_NAME_CHARS = 60


@dataclass(frozen=True, slots=True)
class Texts(Kind):
    """A table from names to texts. Gives a tuple of (name, text)."""

    hint: str
    """How one is written."""

    def read(self, value: object) -> tuple[tuple[str, str], ...]:
        """Take a table."""
        if not isinstance(value, dict) or len(value) > MAX_ITEMS:
            raise WrongValueError(f"{shown(value)} is no table; write it like {self.hint}")
        for name, text in value.items():
            if not isinstance(text, str):
                raise WrongValueError(f"{shown(text)} is no text; write it like {self.hint}", at=(name,))
            if not name.strip() or len(name) > MAX_NAME_CHARS or not name.isprintable():
                raise WrongValueError(f"{shown(name)} is no name of up to {MAX_NAME_CHARS} characters", at=(name,))
        return tuple((name, text) for name, text in value.items())

    def read_text(self, text: str) -> tuple[tuple[str, str], ...]:
        """Take a TOML inline table."""
        try:
            value = toml_value(text)
        except ValueError:
            raise WrongValueError(f"{shown(text)} is no TOML table; write it like {self.hint}") from None
        return self.read(value)

    def write(self, value: object) -> str:
        """Write an inline table."""
        rows = value if isinstance(value, tuple) else ()
        return f"{{{', '.join(f'{quoted(name)} = {quoted(text)}' for name, text in rows)}}}"


@dataclass(frozen=True, slots=True)
class Filters(Texts):
    """A table from names to filters, which may call each other. Gives a tuple of (name, filter)."""

    def read(self, value: object) -> tuple[tuple[str, str], ...]:
        """Take a table in which every filter is one."""
        # `Texts` is a slotted dataclass: `super()` without arguments would look for its first form.
        read = Texts.read(self, value)
        if read:
            from trackerwatch.filters import mistakes  # noqa: PLC0415 - few configs save filters

            for name, told in mistakes(dict(read)).items():
                raise WrongValueError(told, at=(name,))
        return read
