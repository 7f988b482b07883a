"""What can go wrong on the way to a cluster, each in one line that says what to do next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

SIMULATE = "Or go on without a cluster: rollviz.Cluster() simulates one."


class LiveError(Exception):
    """A cluster could not be read; the message is one line for a person.

    Attributes:
        retry_after: the seconds that the server asks us to wait, or None.
    """

    retry_after: float | None = None


class Refused(LiveError):
    """Waiting won't help: configuration, credentials, certificates."""


class Forbidden(Refused):
    """The account lacks a right; ``right`` is ``list pods``, ``server`` the API server's words."""

    def __init__(self, rights: Sequence[str], where: str, namespace: str, server: str) -> None:
        super().__init__(
            f"not allowed in namespace {namespace!r} of {where}: {', '.join(rights)}. "
            f"The server says: {server}. deploy/rbac-readonly.yaml grants all that is needed"
        )
        self.rights = tuple(rights)
        self._rest = where, namespace, server

    @classmethod
    def all(cls, errors: Sequence[Forbidden]) -> Forbidden:
        """One error that names every right that is missing."""
        return cls([right for error in errors for right in error.rights], *errors[0]._rest)


class Unreachable(LiveError):
    """Nobody answers."""


class Interrupted(LiveError):
    """An answer broke off, or said nothing for too long."""


class Busy(LiveError):
    """The server asks to come again later, or failed on its side."""


class Gone(LiveError):
    """410: the server no longer knows what happened since; a new list is needed."""


class Malformed(LiveError):
    """What came is not what a watch sends."""


def in_words(error: Exception, where: str, request: str, namespace: str) -> LiveError:
    """What a failed request means; an error that is none of the network's is raised again.

    Args:
        error: what the client library raised.
        where: the cluster, in words.
        request: verb and resource: ``list pods``.
        namespace: where that was asked.
    """
    from kubernetes.client.exceptions import ApiException

    if isinstance(error, LiveError):
        return error
    if isinstance(error, ApiException) and error.status:
        retry_after = _retry_after((error.headers or {}).get("Retry-After"))
        return answered(error.status, _said(error), where, request, namespace, retry_after)
    if isinstance(error, ApiException):  # how the client library passes on errors of TLS
        return _tls(str(error.reason), where)
    return _network(error, where)


def answered(
    code: int,
    said: str,
    where: str,
    request: str,
    namespace: str,
    retry_after: float | None = None,
) -> LiveError:
    """What an answer that is no success means; ``said`` are the server's own words."""
    found: LiveError
    match code:
        case 401:
            found = Refused(
                f"{where} does not accept your credentials (401 {said}): they are missing, wrong "
                "or expired. Log in to the cluster again, then try: kubectl auth whoami"
            )
        case 403:
            found = Forbidden([request], where, namespace, said)
        case 410:
            found = Gone(f"{where} no longer knows what happened since (410 {said})")
        case 429 | 500 | 502 | 503 | 504:
            found = Busy(f"{where} is busy or not well ({code} {said}): trying again")
        case _:
            found = Refused(
                f"{where} answers {code} to {request} ({said}): is that the address of an API "
                "server? See: kubectl config view --minify"
            )
    found.retry_after = retry_after
    return found


def _said(error: Any) -> str:
    """The server's own words: the message of its ``Status``, else the HTTP reason."""
    try:
        return str(json.loads(error.body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)


def _retry_after(header: str | None) -> float | None:
    """The header in seconds: it is a number, or a date."""
    if not header:
        return None
    if header.isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time())
    except ValueError:
        return None


def _tls(reason: str, where: str) -> LiveError:
    if "EOF occurred" in reason:  # it hung up, perhaps before it said why
        return Interrupted(f"{where} broke off the TLS handshake: connecting again")
    words = {
        "certificate has expired": "the API server's certificate has expired: renew it (kind, "
        "minikube and k3d: make the cluster anew)",
        "certificate is not yet valid": "the API server's certificate is not valid yet: does "
        "this machine's clock go right?",
        "certificate expired": "your client certificate has expired: get new credentials",
        "mismatch": "the API server's certificate is for another address: use the address it "
        "names, or set tls-server-name in the kubeconfig",
        "CERTIFICATE_VERIFY_FAILED": "the API server's certificate is not signed by the "
        "certificate-authority in the kubeconfig: was the cluster made anew? Get its kubeconfig",
        "WRONG_VERSION_NUMBER": "the server does not speak TLS: is it http:// ?",
    }
    meaning = next((text for sign, text in words.items() if sign in reason), "TLS failed")
    return Refused(f"{where}: {meaning} ({' '.join(reason.split())})")


def _network(error: Exception, where: str) -> LiveError:
    from kubernetes.config import ConfigException
    from urllib3 import exceptions

    text = str(error.__cause__ or error)
    match error:
        case exceptions.NameResolutionError():
            return _unreachable(where, text, "are you on the right network or VPN?")
        case exceptions.ProxyError():
            return _unreachable(
                where, f"{error}", "is the proxy in HTTPS_PROXY or proxy-url right?"
            )
        case exceptions.NewConnectionError():
            return _unreachable(where, text, "is the cluster started? Try: kubectl cluster-info.")
        case exceptions.ConnectTimeoutError():
            return _unreachable(where, "no answer", "are you on the right network or VPN?")
        case exceptions.ReadTimeoutError():
            return Interrupted(f"{where} has gone silent: connecting again")
        case exceptions.SSLError():
            return _tls(text, where)
        case exceptions.LocationValueError():
            return Refused(f"{where}: not an address ({error}): see clusters in the kubeconfig")
        case exceptions.HTTPError() | OSError():
            return Interrupted(f"the connection to {where} broke off ({text}): connecting again")
        case ConfigException():
            return Refused(f"{where}: no credentials ({error}): log in to the cluster again")
    raise error


def _unreachable(where: str, why: str, next_thing: str) -> Unreachable:
    return Unreachable(f"no cluster reachable at {where} ({why}): {next_thing} {SIMULATE}")
