"""Which cluster, as whom, in which namespace: as kubectl finds it."""

from __future__ import annotations

import os
import warnings
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
    from kubernetes import client, config

    chosen = _context(files, context)
    configuration = client.Configuration()
    try:
        config.load_kube_config(  # type: ignore[no-untyped-call]
            files, chosen["name"], client_configuration=configuration
        )
    except Exception as error:
        raise _unusable(files, error) from error
    namespace = namespace or (chosen["context"] or {}).get("namespace") or "default"
    return _access(configuration, chosen["name"], namespace)


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
    from kubernetes import client, config

    configuration = client.Configuration()
    try:
        config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        namespace = namespace or (_IN_CLUSTER / "namespace").read_text(encoding="utf-8").strip()
    except (config.ConfigException, OSError) as error:
        raise Refused(
            f"inside a cluster, but the pod's service account can't be used ({error}): does the "
            "pod have automountServiceAccountToken: false?"
        ) from error
    return _access(configuration, "", namespace)


def _access(configuration: Any, context: str, namespace: str) -> Access:
    from kubernetes import client
    from urllib3.exceptions import InsecureRequestWarning

    configuration.retries = False  # the mirror's own back-off says when
    configuration.keep_alive = True
    if not configuration.verify_ssl:  # asked for in the kubeconfig; kubectl does not warn either
        warnings.simplefilter("ignore", InsecureRequestWarning)
    return Access(client.ApiClient(configuration), context, namespace)
