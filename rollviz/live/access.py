"""The way to a cluster: configuration, requests, and every refusal in words.

All that kubeconfig, certificates, tokens, exec plugins and proxies ask for is left to the
official ``kubernetes`` client. Here is the one place that sends requests, and all of them list
or watch.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Any, NamedTuple
from weakref import WeakSet

from rollviz.live.errors import Forbidden, LiveError, Refused, answered, in_words
from rollviz.objects import Json

CONNECT_SECONDS = 5.0
"""How long a connection may take to come about."""

ANSWER_SECONDS = 15.0
"""How long an answer may take to begin."""

PAGE = 500
"""How many objects are asked for at once, as kubectl does."""


class Resource(NamedTuple):
    """One kind of object, and where the API has it."""

    kind: str
    plural: str
    group: str
    api: str  # of the client library, as is the method
    method: str

    def __str__(self) -> str:
        """As kubectl and the API server name it: ``deployments.apps``, ``pods``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


DEPLOYMENTS = Resource(
    "Deployment", "deployments", "apps", "AppsV1Api", "list_namespaced_deployment"
)
RESOURCES = (
    DEPLOYMENTS,
    Resource("ReplicaSet", "replicasets", "apps", "AppsV1Api", "list_namespaced_replica_set"),
    Resource("Pod", "pods", "", "CoreV1Api", "list_namespaced_pod"),
    Resource("Event", "events", "", "CoreV1Api", "list_namespaced_event"),
)


class Lines:
    """The open connections of a client, to be cut from another thread."""

    def __init__(self) -> None:
        self._sockets: WeakSet[socket] = WeakSet()
        self._cut = False

    def of(self, client: Any) -> Any:
        """Watch over the connections that a client is going to make; returns it."""
        manager = client.rest_client.pool_manager
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {name: self._tracked(pools[name]) for name in pools}
        return client

    def cut(self) -> None:
        """End all connections, and let none come about any more."""
        self._cut = True
        for line in list(self._sockets):
            with suppress(OSError):  # it has just ended by itself
                socket.shutdown(line, SHUT_RDWR)

    def _tracked(self, pool: Any) -> Any:
        lines = self

        class Connection(pool.ConnectionCls):  # type: ignore[misc]
            def connect(self) -> None:
                super().connect()
                line: Any = self.sock
                lines._sockets.add(getattr(line, "socket", line))  # TLS through a TLS proxy
                if lines._cut:
                    raise ConnectionAbortedError("the mirror was stopped")

        return type(pool.__name__, (pool,), {"ConnectionCls": Connection})


class Access:
    """Reads one namespace of one cluster.

    Args:
        log_in: makes a client with the credentials as they are now; called again when the
            cluster refuses those it had, because they may be new in the kubeconfig.
        context, namespace, kubeconfig: as below.

    Attributes:
        host: the API server's address.
        context: the context in the kubeconfig; "" inside a cluster.
        namespace: the namespace that is read.
        kubeconfig: the files that say so, as ``$KUBECONFIG`` names them; "" inside a cluster.
        skew: how many seconds the cluster's clock is ahead of ours, as its first answer says; 0
            where that is not plain.
    """

    def __init__(
        self, log_in: Callable[[], Any], context: str, namespace: str, kubeconfig: str = ""
    ) -> None:
        self._log_in = log_in
        self._lines = Lines()
        self._client = self._lines.of(log_in())
        self._refused: Any = None
        self._lock = Lock()
        self.host: str = self._client.configuration.host
        self.context = context
        self.namespace = namespace
        self.kubeconfig = kubeconfig
        self.skew = 0.0
        self._skew_known = False

    @property
    def where(self) -> str:
        """The cluster, in words."""
        return f"{self.host} (context {self.context})" if self.context else self.host

    def list_all(self, resource: Resource, **selectors: str) -> tuple[list[Json], str]:
        """All objects of a kind, and the ``resourceVersion`` from which to watch on.

        Raises:
            LiveError: it did not work; says why.
        """
        items: list[Json] = []
        page: Json = {}
        while not page or page["metadata"].get("continue"):
            go_on = {"_continue": page["metadata"]["continue"]} if page else {}
            asked = time.time()
            response = self._namespaced(resource, "list", limit=PAGE, **selectors, **go_on)
            self._notice_skew(response.headers.get("Date"), asked)
            page = self._json(response, resource)
            items += page["items"]
        return items, str(page["metadata"].get("resourceVersion", ""))

    def watch(self, resource: Resource, version: str, silence: float, **selectors: str) -> Any:
        """Open a watch: a response whose body is one event a line, for as long as it lasts.

        ``silence`` is the number of seconds after which a server that says nothing is given
        up; it is asked to end the watch itself before that.
        """
        response = self._namespaced(
            resource,
            "watch",
            watch=True,
            resource_version=version,
            allow_watch_bookmarks=True,
            timeout_seconds=max(1, int(silence * 0.8)),
            **selectors,
        )
        socket = getattr(response.connection, "sock", None)
        if socket:  # None where the server said that it closes the connection after this answer
            socket.settimeout(silence)
        return response

    def namespaces_with(self, name: str) -> list[str]:
        """The namespaces that have a Deployment of that name; none if we may not look."""
        method = "list_deployment_for_all_namespaces"
        try:
            response = self._call(
                DEPLOYMENTS, "list", method, field_selector=f"metadata.name={name}"
            )
            items = self._json(response, DEPLOYMENTS)["items"]
        except LiveError:
            return []
        return sorted(item["metadata"]["namespace"] for item in items)

    def in_words(self, error: Exception, verb: str, resource: Resource) -> LiveError:
        """What a failed request means. Errors that are none of the network's are raised again."""
        return in_words(error, self.where, f"{verb} {resource}", self.namespace)

    def answered(self, status: Json, verb: str, resource: Resource) -> LiveError:
        """What a ``Status`` means that the server sent in a watch."""
        code, said = int(status.get("code") or 0), str(status.get("message"))
        return answered(code, said, self.where, f"{verb} {resource}", self.namespace)

    def hang_up(self) -> None:
        """Wake whoever waits for an answer: there will be none, nor another connection."""
        self._lines.cut()

    def close(self) -> None:
        """Let go of idle connections."""
        self._client.close()

    def _namespaced(self, resource: Resource, verb: str, **options: Any) -> Any:
        return self._call(resource, verb, resource.method, self.namespace, **options)

    def _call(self, resource: Resource, verb: str, method: str, *args: str, **options: Any) -> Any:
        from kubernetes import client

        used = self._logged_in()
        try:
            return getattr(getattr(client, resource.api)(used), method)(
                *args,
                _preload_content=False,
                _request_timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                **options,
            )
        except Exception as error:
            found = self.in_words(error, verb, resource)
            if isinstance(found, Refused) and not isinstance(found, Forbidden):
                self._refused = used
            raise found from error

    def _logged_in(self) -> Any:
        """The client; another one where the last was refused: somebody may have logged in."""
        with self._lock:
            if self._refused is self._client:
                fresh = self._lines.of(self._log_in())
                if fresh.configuration.host != self.host:
                    raise Refused(
                        f"context {self.context} no longer leads to {self.host}, but to "
                        f"{fresh.configuration.host}: make the mirror anew"
                    )
                self._client.close()
                self._client = fresh
            return self._client

    def _json(self, response: Any, resource: Resource) -> Json:
        try:
            page = json.loads(response.data)
        except ValueError as error:
            raise self._not_kubernetes(resource, str(error)) from error
        except Exception as error:
            raise self.in_words(error, "list", resource) from error
        if not (isinstance(page, dict) and isinstance(page.get("items"), list)):
            raise self._not_kubernetes(resource, "it has no items")
        return {**page, "metadata": page.get("metadata") or {}}

    def _not_kubernetes(self, resource: Resource, why: str) -> Refused:
        return Refused(
            f"{self.where} answers no list of {resource} ({why}): is that the address of an API "
            "server? See: kubectl config view --minify"
        )

    def _notice_skew(self, date: str | None, asked: float) -> None:
        """Compare clocks: the first answer was dated, in whole seconds, after it was asked for."""
        if date and not self._skew_known:
            self._skew_known = True
            dated, now = parsedate_to_datetime(date).timestamp(), time.time()
            if not asked - 2 <= dated <= now + 1:
                self.skew = dated + 0.5 - (asked + now) / 2
