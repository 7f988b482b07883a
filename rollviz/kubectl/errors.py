"""Errors on their way to standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rollviz.kubectl.resources import Resource


class KubectlError(Exception):
    r"""The command failed. ``text`` is what goes to standard error, as ``checkErr`` words it.

    Attributes:
        text: the error alone.
        listed: the same as one of several (``MultipleErrors``): without ``error:`` in front.
        exit_code: what kubectl exits with.

    >>> error = KubectlError("required resource not specified")
    >>> error.text, error.listed
    ('error: required resource not specified\n', 'required resource not specified\n')
    """

    known: tuple[str, ...] = ()
    exit_code = 1

    def __init__(self, message: str, *, verbatim: bool = False, listed: str = "") -> None:
        super().__init__(message)
        prefixed = verbatim or message.startswith("error: ")
        self.text = _line(message if prefixed else f"error: {message}")
        self.listed = _line(listed or message)


def _line(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


class UnknownCommand(KubectlError):
    """There is no such command; ``known`` are those that there are."""

    def __init__(self, message: str, known: tuple[str, ...]) -> None:
        super().__init__(message)
        self.known = known


class ServerError(KubectlError):
    """The API server refused; ``reason`` is its word for why (``NotFound``).

    ``message`` is what the server said, ``alone`` what stands there instead where it is the only
    error.
    """

    def __init__(self, reason: str, message: str, *, alone: str = "") -> None:
        listed = f"Error from server ({reason}): {message}"
        super().__init__(alone or listed, verbatim=True, listed=listed)
        self.reason = reason
        self.message = message


def not_found(resource: Resource, name: str) -> ServerError:
    """The object that was asked for is not there."""
    return ServerError("NotFound", f'{resource.qualified_plural} "{name}" not found')
