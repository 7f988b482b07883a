"""The live mirror in JupyterLab, on a server that speaks list and watch and replays a recording."""

import os
import shutil
import sysconfig

import pytest

from tests.browser.conftest import BUILD, choose, wait_until
from tests.kubeconfig import write_kubeconfig
from tests.recorded import DATA, recording
from tests.watch_server import WatchServer, status

pytest.importorskip("kubernetes")
pytestmark = pytest.mark.browser

NAME = "myapp-deployment"
ROWS = recording("rolling-default-5")
EDIT = next(
    n
    for n, row in enumerate(ROWS)
    if row["kind"] == "Deployment" and row["object"]["metadata"]["generation"] == 2
)
MIDDLE = EDIT + 60


@pytest.fixture
def server():
    with WatchServer() as server:
        yield server


@pytest.fixture
def mirrored(lab, page, server, tmp_path):
    """Open a notebook that mirrors the server, and run it; more cells may follow."""

    def open(*more, dark=False, what=NAME, url=None):
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", url or server.url)
        call = f"rollviz.mirror({what!r}, kubeconfig={str(kubeconfig)!r}, backoff=(0.2, 0.2))"
        lab.run(page, f"import rollviz\nmirror = {call}\nmirror", *more, dark=dark)
        page.locator(".rollviz-state").wait_for()

    return open


def pods(page, *shapes):
    """How many pods of these shapes are to be seen."""
    each = (f".rollviz-stage .rollviz-pod.rollviz-{shape}:not([display])" for shape in shapes)
    return page.locator(", ".join(each)).count()


def at_step(page):
    """The step on show, and the last one."""
    words = page.locator(".rollviz-where").inner_text()
    step, last = words.split(" · ")[0].removeprefix("step ").split(" of ")
    return int(step), int(last)


def is_now(page):
    return at_step(page)[0] == at_step(page)[1]


def scrub_to_start(page):
    start = "node => { node.value = 0; node.dispatchEvent(new Event('input')); }"
    page.locator(".rollviz-scrubber").evaluate(start)


def shot(page, name):
    BUILD.mkdir(parents=True, exist_ok=True)
    page.locator(".rollviz-mirror").screenshot(path=BUILD / f"mirror-{name}.png")


def state(page, name):
    page.locator(f".rollviz-bar[data-state={name}]").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_rollout_is_followed_scrubbed_and_followed_again(mirrored, page, server, theme):
    mirrored(dark=theme == "dark")
    state(page, "live")
    assert "waiting for it" in page.locator(".rollviz-message").inner_text()
    server.play(ROWS[:EDIT])
    wait_until(lambda: pods(page, "available") == 5, "five available pods")
    server.play(ROWS[EDIT:MIDDLE])
    wait_until(lambda: pods(page, "terminating") > 0 and is_now(page), "a terminating pod")
    shot(page, f"following-{theme}")
    scrub_to_start(page)
    last = at_step(page)[1]
    server.play(ROWS[MIDDLE:])
    wait_until(lambda: at_step(page)[1] > last, "steps that are not shown")
    assert at_step(page)[0] == 0
    shot(page, f"past-{theme}")
    page.locator(".rollviz-now", has_text="behind").click()
    wait_until(lambda: is_now(page) and pods(page, "available") == 5, "now")
    wait_until(lambda: pods(page, "terminating") == 0, "the end of the rollout")


def test_the_keyboard_goes_back_pauses_and_returns(mirrored, page, server):
    server.play(ROWS[:MIDDLE])
    mirrored()
    wait_until(lambda: pods(page, "available") > 0, "pods")
    page.locator(".rollviz-mirror").focus()
    page.keyboard.press("Space")
    step, last = at_step(page)
    server.play(ROWS[MIDDLE:])
    wait_until(lambda: at_step(page)[1] > last, "news while it is paused")
    assert at_step(page)[0] == step
    page.keyboard.press("ArrowRight")
    assert at_step(page)[0] == step + 1
    page.keyboard.press("End")
    wait_until(lambda: is_now(page), "now")
    assert page.locator(".rollviz-now").get_attribute("aria-pressed") == "true"


def test_a_lost_connection_shows_and_what_was_missed_comes_in(mirrored, page, server):
    server.play(ROWS[:EDIT])
    mirrored()
    state(page, "live")
    for plural in ("deployments", "replicasets", "pods", "events"):
        server.fail(plural, "watch", *[status(503)] * 9999)
    server.drop_connections()
    state(page, "reconnecting")
    page.locator(".rollviz-message", has_text=server.url).wait_for()
    shot(page, "reconnecting")
    server.play(ROWS[EDIT:])
    server.faults.clear()
    state(page, "live")
    wait_until(lambda: page.locator(".rollviz-row").count() == 2, "the new ReplicaSet")
    wait_until(lambda: pods(page, "available") == 5, "the end of the rollout")


def test_other_cells_run_meanwhile_and_stopping_leaves_no_thread(mirrored, page, server):
    server.play(ROWS[:EDIT])
    mirrored(
        "mirror.wait().stop()",
        "import threading\n"
        "print([t.name for t in threading.enumerate() if t.name.startswith('rollviz')], 'left')",
    )
    page.locator(".jp-OutputArea-output", has_text="[] left").wait_for()
    state(page, "stopped")
    wait_until(lambda: pods(page, "available") == 5, "what was seen")


def test_a_kernel_that_is_started_again_lets_go_of_the_cluster(mirrored, page, server):
    server.play(ROWS[:EDIT])
    mirrored()
    state(page, "live")
    plurals = ("deployments", "replicasets", "pods", "events")
    assert [server.watching(plural) for plural in plurals] == [1] * 4
    choose(page, "Kernel")
    page.get_by_role("menuitem", name="Restart Kernel").first.click()
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    wait_until(lambda: not any(map(server.watching, plurals)), "watches that are closed")


PLACES = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])


@pytest.mark.skipif(not shutil.which("kubectl", path=PLACES), reason="kubectl is not installed")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_kubectl_looks_at_once_and_asks_before_it_changes_anything(lab, page, tmp_path, theme):
    """The real kubectl, which sends no token where there is no TLS."""
    tls = DATA / "tls"
    with WatchServer(certificate=(tls / "server.pem", tls / "server.key")) as server:
        server.play(ROWS)
        authority = {"certificate-authority": str(tls / "ca.pem")}
        kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", server.url, **authority)
        pod = min(name for _, name in server.objects["Pod"])
        lab.run(
            page,
            f"%load_ext rollviz\nimport os, rollviz\nos.environ['PATH'] = {PLACES!r}\n"
            f"mirror = rollviz.mirror({NAME!r}, kubeconfig={str(kubeconfig)!r}).wait()\n"
            "rollviz.use(mirror);",
            "%kubectl get pods -o name",
            f"%kubectl delete pod {pod}",
            f"%kubectl delete pod {pod}",
            "mirror.stop()",
            dark=theme == "dark",
        )
        looked, first, second = (page.locator(".jp-CodeCell").nth(n) for n in (1, 2, 3))
        looked.locator(".jp-OutputArea-output", has_text=f"pod/{pod}").wait_for()
        answer = page.locator("input.jp-Stdin-input")
        answer.wait_for()
        shown = first.locator(".jp-OutputArea-output").first.inner_text()
        for words in ("class", server.url, "shop", f"kubectl delete pod {pod}"):
            assert words in shown
        BUILD.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=BUILD / f"kubectl-{theme}.png")
        answer.fill("no")
        answer.press("Enter")
        first.locator(".jp-OutputArea-output", has_text="not confirmed: not run").wait_for()
        second.locator("input.jp-Stdin-input").fill("yes")
        assert {method for method, *_ in server.requests} == {"GET"}
        second.locator("input.jp-Stdin-input").press("Enter")
        second.locator(".jp-OutputArea-output", has_text="this server is only read").wait_for()
        sent = [path for method, _, _, path, _ in server.requests if method == "DELETE"]
        assert sent == [f"/api/v1/namespaces/shop/pods/{pod}"]


def test_several_deployments_are_chosen_from(mirrored, page, server):
    server.play(ROWS[:EDIT])
    server.put(_named("other"))
    mirrored(what=[NAME, "other"])
    wait_until(lambda: page.locator(".rollviz-chooser option").count() == 2, "both names")
    title = page.locator(".rollviz-title")
    other = "other" if title.inner_text() == NAME else NAME
    page.locator(".rollviz-chooser").select_option(other)
    page.locator(".rollviz-title", has_text=other).wait_for()


def _named(name):
    """The recorded Deployment under another name, with nothing that belongs to it."""
    object = next(row["object"] for row in ROWS if row["kind"] == "Deployment")
    metadata = {**object["metadata"], "name": name, "uid": name, "namespace": "shop"}
    return {**object, "metadata": metadata}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_cluster_is_told_in_place(mirrored, page, theme):
    mirrored(dark=theme == "dark", url="http://127.0.0.1:9")
    page.locator(".rollviz-message", has_text="127.0.0.1:9").wait_for()
    assert page.locator(".jp-RenderedText[data-mime-type*=stderr]").count() == 0
    assert "rollviz.Cluster()" in page.locator(".rollviz-message").inner_text()
    shot(page, f"unreachable-{theme}")
