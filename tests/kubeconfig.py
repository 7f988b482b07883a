"""A kubeconfig for a server of tests/watch_server.py."""

import yaml

from tests.watch_server import TOKEN


def write_kubeconfig(path, url, *, context="class", namespace="shop", user=None, **cluster):
    """Write one with a single context and these fields of its cluster; gives its path back.

    ``user`` is who else than the one with the server's token.
    """
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [
            {"name": context, "context": {"cluster": "c", "user": "u", "namespace": namespace}}
        ],
        "clusters": [{"name": "c", "cluster": {"server": url, **cluster}}],
        "users": [{"name": "u", "user": user or {"token": TOKEN}}],
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path
