"""Charts show themselves in the browser's own Python too."""

import sys

import plotly.graph_objects as go
import pytest
from IPython.core.formatters import DisplayFormatter
from plotly.io import _renderers

from rollviz.plotting import plain


@pytest.mark.usefixtures("without_nbformat")
def test_python_in_a_browser_shows_a_chart_without_nbformat(capfd):
    shown, _ = DisplayFormatter().format(plain(go.Figure(), "pods"))
    assert capfd.readouterr().err == ""
    assert shown["application/vnd.plotly.v1+json"]["layout"]["title"]["text"] == "pods"


@pytest.fixture
def without_nbformat(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(_renderers, "nbformat", None)
    monkeypatch.setattr(_renderers.renderers, "default", "plotly_mimetype")
