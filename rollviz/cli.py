"""The ``rollviz`` command: ``check`` manifests, ``run`` scenarios, ``record`` real rollouts.

Exit codes: 0 all well, 1 bad input, 2 a wrong command line; 130 after Ctrl-C. What is wrong is
said in one line each on stderr: ``rollviz: FILE: FIELD: WHAT: FIX``.

>>> main(["check"])  # doctest: +IGNORE_EXCEPTION_DETAIL
Traceback (most recent call last):
SystemExit: 2
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rollviz

if TYPE_CHECKING:
    from rollviz.manifest import Document, ManifestError
    from rollviz.scenario import Run

BAD_INPUT = 1
INTERRUPTED = 130
"""What a shell gives a command that Ctrl-C ended."""

_ABOUT = """\
See every pod of a Kubernetes rollout, and why the controller moved it.

examples:
  rollviz check deployment.yaml          would the API server take it?
  rollviz run scenario.yaml              play a rollout and say what happened
  rollviz run scenario.yaml --html r.html    ... as a page to look at
  rollviz record deployment/web -o web.jsonl    write down what a real cluster does
"""

_CHECK = """\
Say of every Deployment in the files whether the API server would take it, and if not, all that
is wrong with it in the API server's words. Objects of other kinds are named and left alone.

examples:
  rollviz check deployment.yaml
  rollviz check k8s/*.yaml
  helm template chart | rollviz check -
"""

_RUN = """\
Play a scenario on a simulated cluster: a manifest, how its pods behave, and kubectl commands.
It takes virtual time, so minutes are over in a moment. Prints what happened as a table.

examples:
  rollviz run scenario.yaml
  rollviz run scenario.yaml --json | jq .scaling
  rollviz run scenario.yaml --html rollout.html

a scenario:
  manifest: deployment.yaml
  pods: {startup_seconds: [0.6, 0.9], termination_seconds: [0.5]}
  steps:
    - run: kubectl apply -f deployment.yaml
    - run: kubectl set image deployment/web nginx=nginx:1.28
      after: complete
  until: complete
"""

_RECORD = """\
Write down every change of a Deployment on a real cluster, its ReplicaSets, pods and events, until
--duration is over or Ctrl-C comes. It only reads. rollviz.load(FILE) replays it in any widget.
The file may be cut off at any moment, and read while it grows.

Values of environment variables, annotations that are not Kubernetes' own, and managedFields stay
out of the file unless --keep-all is given.

examples:
  rollviz record deployment/web -o web.jsonl
  rollviz record deployment/web deployment/api -o shop.jsonl -n shop --duration 300
  rollviz record app=web -o web.jsonl --context kind-class
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (by default the process's own) and return its exit code.

    Raises:
        SystemExit: with 2 for a wrong command line, 0 after ``--help`` and ``--version``.
    """
    try:
        args = _parser().parse_args(argv)
        code = int(args.command(args))
        if sys.stdout is not None:  # None: it was closed before this began
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader (head, say) has seen enough
        _print_no_more()
        return BAD_INPUT
    except OSError as error:  # those about files were answered where they were opened
        _complain(f"standard output: {error.strerror}: send it somewhere else")
        _print_no_more()
        return BAD_INPUT


def _print_no_more() -> None:
    """Keep Python from complaining, as it exits, about what it could not print."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rollviz", **_described(_ABOUT))
    version = f"rollviz {rollviz.__version__}"
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    check = commands.add_parser("check", help="check manifests", **_described(_CHECK))
    check.add_argument("files", metavar="FILE", nargs="+", help="a manifest; - is standard input")
    check.set_defaults(command=_check)
    run = commands.add_parser("run", help="play a scenario", **_described(_RUN))
    run.add_argument("scenario", metavar="SCENARIO", help="a scenario file, YAML or JSON")
    run.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    run.add_argument("--html", metavar="FILE", help="write a page that plays the rollout offline")
    run.set_defaults(command=_run)
    _add_record(commands.add_parser("record", help="record a cluster", **_described(_RECORD)))
    return parser


def _add_record(record: argparse.ArgumentParser) -> None:
    what = "deployment/NAME, several of them, or a label selector such as app=web"
    record.add_argument("what", metavar="WHAT", nargs="+", help=what)
    record.add_argument("-o", "--output", metavar="FILE", required=True, help="the file to make")
    record.add_argument("--duration", metavar="SECONDS", type=_seconds, help="stop after so long")
    record.add_argument("-n", "--namespace", help="else the context's")
    record.add_argument("--context", help="a context of the kubeconfig; else its current one")
    record.add_argument("--kubeconfig", metavar="FILE", help="else as kubectl finds it")
    record.add_argument("--keep-all", action="store_true", help="leave secrets in")
    record.set_defaults(command=_record)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, such as 300")
    return seconds


def _described(about: str) -> dict[str, Any]:
    """The first paragraph before the options, the rest as it stands after them."""
    description, _, rest = about.partition("\n\n")
    as_written = argparse.RawDescriptionHelpFormatter
    return {"description": description, "epilog": rest, "formatter_class": as_written}


# --- check --------------------------------------------------------------------------------------


def _check(args: argparse.Namespace) -> int:
    return BAD_INPUT if [name for name in args.files if not _check_file(name)] else 0


def _check_file(name: str) -> bool:
    """Whether all documents in a file are accepted; says so, or what is wrong."""
    from rollviz import manifest

    try:
        parsed = manifest.parse(_standard_input() if name == "-" else Path(name))
    except manifest.ManifestError as error:
        return _refused(name, error)
    except UnicodeDecodeError:
        _complain(f"{name}: not text in UTF-8: save it as UTF-8")
        return False
    found = [item for document in parsed for item in document.items()]
    places = [f"{name}: document {i}" for i in range(1, len(found) + 1)]
    pairs = zip(places if len(found) > 1 else [name], found, strict=True)
    accepted = [_check_document(place, document) for place, document in pairs]
    return all(accepted)


def _standard_input() -> str:
    text = sys.stdin.buffer.read().decode("utf-8-sig")
    return f"{text}\n"  # else a single word would be taken for a path


def _check_document(place: str, document: Document) -> bool:
    from rollviz import manifest

    try:
        document = document.checked()
        if not document.is_deployment:
            _say(f"{place}: {document.name}: not a Deployment, not checked")
            return True
        manifest.check(document.json)
    except manifest.ManifestError as error:
        return _refused(place, error)
    for warning in (*document.warnings, *manifest.warnings(document.json)):
        _complain(f"{place}: warning: {warning}")
    _say(f"{place}: {document.name}: accepted")
    return True


def _refused(place: str, error: ManifestError) -> bool:
    for line in error.lines():
        _complain(f"{place}: {line}")
    return False


# --- run ----------------------------------------------------------------------------------------


def _run(args: argparse.Namespace) -> int:
    from rollviz import report, scenario

    try:
        given = scenario.load(args.scenario)
    except scenario.ScenarioError as error:
        _complain(str(error))
        return BAD_INPUT
    try:
        run = scenario.run(given)
    except scenario.ScenarioError as error:
        _complain(scenario.located(args.scenario, str(error)))
        return BAD_INPUT
    rows = run.to_json()
    print(json.dumps(rows, indent=1) if args.json else _printable(report.table(rows)))
    if args.html and not _write_page(run, Path(args.html)):
        return BAD_INPUT
    if run.unfinished:
        limit = f"not within {scenario.LIMIT_SECONDS:.0f} virtual seconds: {run.unfinished}"
        _complain(scenario.located(args.scenario, f"until: {run.scenario.until}: {limit}"))
        return BAD_INPUT
    return 0


def _write_page(run: Run, path: Path) -> bool:
    from rollviz.widgets.player import Player

    try:
        Player(run.timeline).to_html(path)
        return True
    except FileExistsError:
        _complain(f"{path}: --html: there is such a file already: name another, or remove it")
    except OSError as error:
        _complain(f"{path}: --html: {error.strerror}: name a file in a folder you may write to")
    return False


# --- record -------------------------------------------------------------------------------------


def _record(args: argparse.Namespace) -> int:
    from rollviz import live

    what = args.what[0] if len(args.what) == 1 else args.what
    try:
        count = live.record(
            what,
            args.output,
            duration=args.duration,
            namespace=args.namespace,
            context=args.context,
            kubeconfig=args.kubeconfig,
            keep_all=args.keep_all,
            say=_complain,
        )
    except (live.LiveError, OSError, ValueError) as error:
        _complain(str(error))
        return BAD_INPUT
    _say(f"{args.output}: {count} changes")
    return 0


def _say(line: str) -> None:
    print(_printable(line))


def _complain(line: str) -> None:
    one_line = line.replace("\n", "\\n")
    print(_printable(f"rollviz: {one_line}"), file=sys.stderr)


def _printable(text: str) -> str:
    """Text from files as it can't move the cursor or color the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
