"""How `make docs` builds this folder: pages in Markdown, the reference from docstrings."""

from importlib import metadata
from typing import Any

from docutils.nodes import Element
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains.python import ObjectEntry
from sphinx.environment import BuildEnvironment
from sphinx.util.nodes import make_refnode

project = "rollviz"
author = project_copyright = "rollviz contributors"
release = metadata.version("rollviz")
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["_templates"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_static_path, html_css_files = ["_static"], ["page.css"]
html_title = "rollviz"
html_show_sourcelink = html_copy_source = False

suppress_warnings = ["ref.python"]  # two modules have a class of that name
nitpick_ignore_regex = [("py:class", r"(?!rollviz\.)\w+\..*")]
nitpicky = True  # a name that a docstring links to and that is not there is a warning
autodoc_member_order = "bysource"
napoleon_use_ivar = True


def setup(app: Sphinx) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("autodoc-process-docstring", undo_type, priority=900)  # after napoleon
    app.connect("autodoc-skip-member", skip_tuple_field)
    app.connect("missing-reference", find)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def undo_type(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """An attribute's docstring is a sentence: its colon does not end a type, as in napoleon."""
    typed = [line for line in lines if line.startswith(":type: ")]
    if what in {"attribute", "data", "property"} and typed:
        lines.remove(typed[0])
        lines[0] = f"{typed[0].removeprefix(':type: ')}: {lines[0]}"


def skip_tuple_field(
    app: Sphinx, what: str, name: str, thing: Any, skip: bool, options: Any
) -> bool | None:
    """A NamedTuple's class says what its fields mean; they say "alias for field number 0"."""
    return True if type(thing).__name__ == "_tuplegetter" else None


def find(app: Sphinx, env: BuildEnvironment, node: pending_xref, shown: Element) -> Element | None:
    """Link a name to the one thing in any module that ends in it.

    A name in a signature that is none of ours (``Path``, ``Any``) is left as text; one that a
    docstring meant as a link is not, and becomes a warning.
    """
    if node.get("refdomain") != "py":
        return None
    for ending in endings(node["reftarget"]):
        found = named(ending, node["reftype"], env)
        if len(found) == 1:
            page, anchor = found[0].docname, found[0].node_id
            return make_refnode(app.builder, node["refdoc"], page, anchor, shown)
    meant_as_link = "refwarn" in node
    return None if meant_as_link else shown


def endings(name: str) -> list[str]:
    """What a name may end in: ``rollviz.live.Mirror`` is at home deeper, ``Mirror`` anywhere."""
    if not name.startswith("rollviz."):
        return ["." + name.lstrip(".")]
    parts = name.split(".")[1:]
    return ["." + ".".join(parts[start:]) for start in range(len(parts))]


def named(ending: str, role: str, env: BuildEnvironment) -> list[ObjectEntry]:
    """Everything that a role can link to and that ends so."""
    python = env.domains.python_domain
    kinds = python.objtypes_for_role(role) or ()
    things = python.objects.items()
    return [thing for name, thing in things if name.endswith(ending) and thing.objtype in kinds]
