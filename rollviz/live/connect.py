"""Which cluster, as whom, in which namespace: as kubectl finds it."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from rollviz.live.access import Access
from rollviz.live.errors import SIMULATE, Refused

_IN_CLUSTER = Path("/var/run/secrets/kubernetes.io/serviceaccount")


def connect(
    kubeconfig: str | Path | None = None, context: str | None = None, namespace: str | None = None
) -> Access:
    """Find a cluster as kubectl does; nothing is sent yet.

    Args:
        kubeconfig: a file; else ``$KUBECONFIG``, else ``~/.kube/config``, else, inside a
            cluster, the pod's service account.
        context: a context in it; else its ``current-context``.
        namespace: else the context's, else ``default``.

    Raises:
        Refused: there is none, or it can't be used; says which file and what to do.
    """
    try:
        import kubernetes  # noqa: F401
    except ImportError as error:
        raise Refused(
            "the live mirror needs the kubernetes package: pip install 'rollviz[live]'"
        ) from error
    files = _files(kubeconfig)
    if files:
        return _from_files(files, context, namespace)
    if context is None and "KUBERNETES_SERVICE_HOST" in os.environ:
        return _from_service_account(namespace)
    raise Refused(
        f"no kubeconfig at {_places()}: get one from whoever runs the cluster, or name it: "
        f"kubeconfig=... {SIMULATE}"
    )


def _places() -> str:
    return os.environ.get("KUBECONFIG") or "~/.kube/config"


def _files(kubeconfig: str | Path | None) -> str:
    """The files that are there, in the client library's form; "" where none is."""
    if kubeconfig is not None:
        path = Path(kubeconfig).expanduser()
        if not path.is_file():
            raise Refused(f"kubeconfig: there is no file {path}: see echo $KUBECONFIG")
        return str(path)
    paths = [Path(name).expanduser() for name in _places().split(os.pathsep) if name]
    return os.pathsep.join(str(path) for path in paths if path.is_file())


def _from_files(files: str, context: str | None, namespace: str | None) -> Access:
    chosen = _context(files, context)
    namespace = namespace or (chosen["context"] or {}).get("namespace") or "default"
    absolute = os.pathsep.join(map(os.path.abspath, files.split(os.pathsep)))
    load = partial(_load_files, absolute, chosen["name"])
    return Access(partial(_client, load), chosen["name"], namespace, absolute)


def _load_files(files: str, context: str) -> Any:
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        with _complaints() as said:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                files, context, client_configuration=configuration
            )
    except Exception as error:
        raise _unusable(files, error) from error
    if said and not configuration.api_key and not configuration.cert_file:
        why = " ".join("; ".join(said).split())
        raise Refused(
            f"{files}: the credential plugin of context {context!r} gives no credentials ({why}): "
            f"log in to the cluster again, then try: kubectl --context {context} auth whoami"
        )
    return configuration


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What the client library logs, where it should raise: a credential plugin that failed."""
    said: list[str] = []

    def hear(record: logging.LogRecord) -> bool:
        ours = record.module == "kube_config" and record.thread == threading.get_ident()
        if ours:
            said.append(record.getMessage())
        return not ours

    root = logging.getLogger()
    root.addFilter(hear)
    try:
        yield said
    finally:
        root.removeFilter(hear)


def _context(files: str, name: str | None) -> dict[str, Any]:
    """The context of that name, or the current one."""
    from kubernetes.config.kube_config import KubeConfigMerger

    try:
        merged = KubeConfigMerger(files).config  # type: ignore[no-untyped-call]
        contexts = {context["name"]: context for context in merged.value["contexts"]}
        name = name or merged.value.get("current-context")
    except Exception as error:
        raise _unusable(files, error) from error
    if name in contexts:
        return {"name": name, "context": contexts[name].value.get("context")}
    there = f"it has {', '.join(sorted(contexts))}" if contexts else "it has none"
    if not name:
        raise Refused(f"{files}: no current-context is set; {there}: name one: context=...")
    raise Refused(f"{files}: there is no context {name!r}; {there}")


def _unusable(files: str, error: Exception) -> Refused:
    why = " ".join(f"{error}".split()) or type(error).__name__
    return Refused(f"{files}: not a usable kubeconfig ({why}): compare with kubectl config view")


def _from_service_account(namespace: str | None) -> Access:
    try:
        namespace = namespace or (_IN_CLUSTER / "namespace").read_text(encoding="utf-8").strip()
    except OSError as error:
        raise _no_account(error) from error
    return Access(partial(_client, _load_service_account), "", namespace)


def _load_service_account() -> Any:
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
    except (config.ConfigException, OSError) as error:
        raise _no_account(error) from error
    return configuration


def _no_account(error: Exception) -> Refused:
    return Refused(
        f"inside a cluster, but the pod's service account can't be used ({error}): does the "
        "pod have automountServiceAccountToken: false?"
    )


def _client(load: Callable[[], Any]) -> Any:
    from kubernetes import client
    from urllib3.exceptions import InsecureRequestWarning

    configuration = load()
    configuration.retries = False  # the mirror's own back-off says when
    configuration.keep_alive = True
    if not configuration.verify_ssl:  # asked for in the kubeconfig; kubectl does not warn either
        warnings.simplefilter("ignore", InsecureRequestWarning)
    return client.ApiClient(configuration)
