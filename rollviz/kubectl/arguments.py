"""Command lines taken apart: verb, arguments, flags, by the rules of kubectl's flag library.

Flags may stand anywhere, ``--flag=value`` and ``--flag value`` mean the same, and a mistake is
answered in the words of ``spf13/pflag`` and ``cobra``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rollviz.kubectl.errors import KubectlError


class UnknownFlag(KubectlError):
    """There is no such flag here; ``name`` is what was asked for: a word or a letter."""

    def __init__(self, message: str, name: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True)
class Flag:
    """A flag: its type, its one-letter form, its default.

    ``kind`` is ``bool``, ``int``, ``string``, ``strings`` (may be repeated) or ``duration``.
    ``bare`` is what it means without a value, where it may stand alone.
    """

    kind: str = "string"
    short: str = ""
    default: Any = None
    bare: str | None = None


def boolean(short: str = "", default: bool = False) -> Flag:
    """A flag that is on when it is there."""
    return Flag("bool", short, default, "true")


GLOBAL: dict[str, Flag] = {
    "context": Flag(),
    "help": boolean("h"),
    "kubeconfig": Flag(),
    "namespace": Flag(short="n"),
    "request-timeout": Flag(),
    "v": Flag("int", short="v", default=0),
}
"""Flags that every command takes."""

FILENAME = {"filename": Flag("strings", "f"), "recursive": boolean("R")}
SELECTOR = {"selector": Flag(short="l")}
FIELD_SELECTOR = {"field-selector": Flag(default="")}
OUTPUT = {"output": Flag(short="o", default="")}
DRY_RUN = {"dry-run": Flag(default="none", bare="unchanged")}
RECORD = {"record": boolean()}
ALL = {"all": boolean()}


@dataclass
class Parsed:
    """A command line after parsing.

    Attributes:
        args: what is not a flag, in order.
        flags: every flag's value, defaults included.
        given: the flags that were on the line as ``(name, value)``, in order.
        after_dashes: the last of the arguments, where they stand after ``--``.
    """

    args: list[str] = field(default_factory=list)
    flags: dict[str, Any] = field(default_factory=dict)
    given: list[tuple[str, str]] = field(default_factory=list)
    after_dashes: list[str] = field(default_factory=list)

    def has(self, name: str) -> bool:
        """Whether the flag was on the line."""
        return any(given == name for given, _ in self.given)


def parse(words: Sequence[str], known: Mapping[str, Flag]) -> Parsed:
    """Take flags and arguments apart.

    Raises:
        KubectlError: an unknown flag, a missing or a wrong value, in pflag's words (the caller
            adds where to read about it).
    """
    flags = {**GLOBAL, **known}
    parsed = Parsed(flags={name: flag.default for name, flag in flags.items()})
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            parsed.args += rest
            parsed.after_dashes = rest
            break
        if word.startswith("--"):
            _long(word, rest, flags, parsed)
        elif word.startswith("-") and word != "-":
            _short(word, rest, flags, parsed)
        else:
            parsed.args.append(word)
    return parsed


def _long(word: str, rest: list[str], flags: Mapping[str, Flag], parsed: Parsed) -> None:
    name, equals, value = word[2:].partition("=")
    if name not in flags:
        raise UnknownFlag(f"unknown flag: --{name}", name)
    flag = flags[name]
    if not equals:
        value = _bare_or_next(flag, rest, f"--{name}")
    _set(parsed, name, flag, value)


def _short(word: str, rest: list[str], flags: Mapping[str, Flag], parsed: Parsed) -> None:
    """``-o yaml``, ``-oyaml``, ``-o=yaml``, or several letters that need no value."""
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        name = next((n for n, flag in flags.items() if flag.short == letter), None)
        if name is None:
            raise UnknownFlag(f"unknown shorthand flag: '{letter}' in {word}", letter)
        flag = flags[name]
        if letters.startswith("="):
            value, letters = letters[1:], ""
        elif letters and flag.bare is None:
            value, letters = letters, ""
        else:
            value = _bare_or_next(flag, rest, f"'{letter}' in {word}")
        _set(parsed, name, flag, value)


def _bare_or_next(flag: Flag, rest: list[str], shown: str) -> str:
    if flag.bare is not None:
        return flag.bare
    if not rest:
        raise KubectlError(f"flag needs an argument: {shown}")
    return rest.pop(0)


def _set(parsed: Parsed, name: str, flag: Flag, value: str) -> None:
    try:
        read = READERS[flag.kind](value)
    except ValueError as error:
        shown = f"-{flag.short}, --{name}" if flag.short else f"--{name}"
        raise KubectlError(f'invalid argument "{value}" for "{shown}" flag: {error}') from None
    if flag.kind == "strings":
        read = [*(parsed.flags[name] or ()), *read]
    parsed.flags[name] = read
    parsed.given.append((name, value))


def _boolean(text: str) -> bool:
    if text in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if text in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def _integer(text: str) -> int:
    """As Go's ``ParseInt(text, 0, 64)``: ``0x1f``, ``017`` and ``1_000`` are numbers too."""
    octal = re.sub(r"^([+-]?)0_?(?=[0-7])", r"\g<1>0o", text)
    try:
        number = int(octal, 0) if text == text.strip() else None
    except ValueError:
        number = None
    if number is None:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if not -(2**63) <= number < 2**63:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": value out of range')
    return number


_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)")


def duration(text: str) -> float:
    """A Go duration in seconds.

    >>> duration("1m30s")
    90.0

    Raises:
        ValueError: not a duration, in Go's words.
    """
    if text == "0":
        return 0.0
    sign = -1.0 if text.startswith("-") else 1.0
    body = text.lstrip("+-")
    if re.fullmatch(r"\d+\.?\d*", body):
        raise ValueError(f'time: missing unit in duration "{text}"')
    if not re.fullmatch(f"(?:{_DURATION.pattern})+", body):
        raise ValueError(f'time: invalid duration "{text}"')
    return sign * sum(float(n) * _UNITS[unit] for n, unit in _DURATION.findall(body))


READERS: dict[str, Callable[[str], Any]] = {
    "bool": _boolean,
    "int": _integer,
    "string": str,
    "strings": lambda text: text.split(",") if text else [],
    "duration": duration,
}
