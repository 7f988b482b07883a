"""What the API server answers to a manifest it refuses, and what kubectl makes of that.

>>> causes = (required("spec.selector"),)
>>> error = ManifestError.invalid("web", causes)
>>> error.code, str(error)
(422, 'Deployment.apps "web" is invalid: spec.selector: Required value')
>>> error.kubectl()
'The Deployment "web" is invalid: spec.selector: Required value'
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rollviz.objects import Json


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong: a ``metav1.StatusCause``.

    ``reason`` is such as ``FieldValueInvalid``, ``field`` a path such as ``spec.replicas``.
    """

    reason: str
    message: str
    field: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


class ManifestError(ValueError):
    """A manifest that kubectl or the API server refuses; ``str()`` is the API server's message.

    Attributes:
        code: the HTTP status (400 or 422); 0 where kubectl refuses it before it asks the server.
        reason: ``BadRequest`` or ``Invalid``; "" where kubectl refuses it.
        message: the API server's message, or ours where it was never asked.
        causes: everything that is wrong with its fields, in the API server's order.
        name: ``metadata.name``, or "".
        field: the path of the one field that is to blame, or "" (``causes`` have their own).
        fix: what to do about it, in a few words, or "".
        file: the file that it is about, where that is known; then ``str()`` names it too, and is
            for a person: see :meth:`lines`.
        client: kubectl's own words where it refuses the file by itself, with ``{file}`` for its
            name and ``{verb}`` for apply or create; else "".
        beside: the documents of the file that kubectl takes all the same.
        others: what else it refuses in the file.
        not_asked_for: the same where ``kubectl apply`` alone refuses it, for its name; else "".
    """

    def __init__(
        self,
        message: str,
        *,
        code: int = 400,
        reason: str = "BadRequest",
        causes: Sequence[Cause] = (),
        name: str = "",
        field: str = "",
        fix: str = "",
        client: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.reason = reason
        self.causes = tuple(causes)
        self.name = name
        self.field = field
        self.fix = fix
        self.client = client
        self.file = ""
        self.beside: Sequence[Any] = ()
        self.others: Sequence[ManifestError] = ()
        self.not_asked_for = ""

    def __str__(self) -> str:
        return f"{self.file}: {'; '.join(self.lines())}" if self.file else self.message

    @classmethod
    def invalid(cls, name: str, causes: Sequence[Cause]) -> ManifestError:
        """All ``causes`` in one error, as ``apierrors.NewInvalid`` makes it."""
        what = list(dict.fromkeys(map(str, causes)))
        words = what[0] if len(what) == 1 else f"[{', '.join(what)}]"
        message = f"Deployment.apps {quote(name)} is invalid: {words}"
        return cls(message, code=422, reason="Invalid", causes=causes, name=name)

    @classmethod
    def refused(cls, message: str, client: str, *, field: str = "", fix: str = "") -> ManifestError:
        """Something that kubectl refuses by itself; ``client`` are its words."""
        return cls(message, code=0, reason="", field=field, fix=fix, client=client)

    def status(self) -> Json:
        """The API server's answer: a ``Status`` object as JSON."""
        status: Json = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        }
        if self.causes:
            details: Json = {"name": self.name} if self.name else {}
            causes = [vars(cause) for cause in self.causes]
            status["details"] = {**details, "group": "apps", "kind": "Deployment", "causes": causes}
        return status

    def kubectl(self, verb: str = "create", filename: str = "deployment.yaml") -> str:
        """What kubectl prints to stderr, without the newline, for ``kubectl VERB -f FILENAME``.

        ``kubectl apply`` asks for the object by its name first, and so may fail earlier.
        """
        if self.client:
            words = self.client.replace("{verb}", verb).replace("{file}", filename)
            return "error: " + words
        if verb == "apply" and self.not_asked_for:
            return "error: " + self.not_asked_for.replace("{file}", filename)
        if self.reason != "Invalid":
            doing = f'error when creating "{filename}"'
            return f"Error from server ({self.reason}): {doing}: {self.message}"
        lines = list(dict.fromkeys(map(str, self.causes)))
        listed = lines[0] if len(lines) == 1 else "".join(f"\n* {line}" for line in lines)
        return f"The Deployment {quote(self.name)} is invalid: {listed}"

    def lines(self) -> list[str]:
        """The same for a person: one line for each thing wrong, ``FIELD: WHAT: FIX``."""
        if self.causes:
            return [str(cause) + _tail(_FIXES.get(cause.reason, "")) for cause in self.causes]
        return [(f"{self.field}: " if self.field else "") + self.message + _tail(self.fix)]


_FIXES = {
    "FieldValueRequired": "write it",
    "FieldValueForbidden": "take it out",
    "FieldValueDuplicate": "every one needs its own",
    "FieldValueNotFound": "define it, or correct its name",
}


def _tail(fix: str) -> str:
    return f": {fix}" if fix else ""


def required(field: str, detail: str = "") -> Cause:
    """``field.Required``: it is missing or empty."""
    return Cause("FieldValueRequired", "Required value" + _tail(detail), field)


def forbidden(field: str, detail: str) -> Cause:
    """``field.Forbidden``: it may not be there."""
    return Cause("FieldValueForbidden", f"Forbidden: {detail}", field)


def invalid(field: str, value: Any, detail: str) -> Cause:
    """``field.Invalid``: the value is not allowed."""
    return Cause("FieldValueInvalid", f"Invalid value: {shown(value)}: {detail}", field)


def duplicate(field: str, value: Any) -> Cause:
    """``field.Duplicate``: another one has the same value."""
    return Cause("FieldValueDuplicate", f"Duplicate value: {shown(value)}", field)


def not_found(field: str, value: Any) -> Cause:
    """``field.NotFound``: what it names is not there."""
    return Cause("FieldValueNotFound", f"Not found: {shown(value)}", field)


def not_supported(field: str, value: Any, supported: Iterable[str]) -> Cause:
    """``field.NotSupported``: only some values are allowed."""
    values = ", ".join(map(quote, supported))
    message = f"Unsupported value: {shown(value)}: supported values: {values}"
    return Cause("FieldValueNotSupported", message, field)


def too_long(field: str, most: int) -> Cause:
    """``field.TooLong``: ``most`` bytes are allowed."""
    return Cause("FieldValueTooLong", f"Too long: may not be more than {most} bytes", field)


class Word(str):
    """Text whose Go type has a name of its own, or may be a number: errors show it as JSON."""


def shown(value: Any) -> str:
    """A value as an error shows it: text as Go quotes it, anything else as JSON."""
    if isinstance(value, str) and not isinstance(value, Word):
        return quote(value)
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text.translate(_HTML)


def quote(text: str) -> str:
    r"""Text as Go's ``%q`` writes it.

    >>> print(quote('a "b"\x00\n'))
    "a \"b\"\x00\n"
    """
    return '"' + "".join(map(_quoted, text)) + '"'


_HTML = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}  # as Go's json escapes
_ESCAPES = dict(zip('"\\\a\b\f\n\r\t\v', '"\\abfnrtv', strict=True))


def _quoted(char: str) -> str:
    if char in _ESCAPES:
        return "\\" + _ESCAPES[char]
    if char.isprintable():
        return char
    code = ord(char)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
