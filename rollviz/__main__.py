"""``python -m rollviz`` is the ``rollviz`` command."""

from rollviz.cli import main

raise SystemExit(main())
