"""Errors on their way to standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rollviz.kubectl.resources import Resource


class KubectlError(Exception):
    r"""The command failed. ``text`` is what goes to standard error, as ``checkErr`` words it.

    >>> KubectlError("required resource not specified").text
    'error: required resource not specified\n'
    """

    known: tuple[str, ...] = ()

    def __init__(self, message: str, *, verbatim: bool = False) -> None:
        super().__init__(message)
        prefixed = verbatim or message.startswith("error: ")
        text = message if prefixed else f"error: {message}"
        self.text = text if not text or text.endswith("\n") else f"{text}\n"


class UnknownCommand(KubectlError):
    """There is no such command; ``known`` are those that there are."""

    def __init__(self, message: str, known: tuple[str, ...]) -> None:
        super().__init__(message)
        self.known = known


class ServerError(KubectlError):
    """The API server refused; ``reason`` is its word for why (``NotFound``)."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"Error from server ({reason}): {message}", verbatim=True)
        self.reason = reason


def not_found(resource: Resource, name: str) -> ServerError:
    """The object that was asked for is not there."""
    return ServerError("NotFound", f'{resource.qualified_plural} "{name}" not found')
