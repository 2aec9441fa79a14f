"""Scripts in the browser: a module comes once, no component is mounted twice, and none shows what is no longer so."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

FEW = "methods=gradient,grad_cam"
PAGES = {
    "explain": f"?{FEW}",
    "explain, many": f"?{FEW}&tab=Many+pictures",
    "stamp": f"stamp?{FEW}",
    "stamp, benchmark": f"stamp?{FEW}&tab=Benchmark",
    "sanity": f"sanity?{FEW}",
    "sanity, many": f"sanity?{FEW}&tab=Many+pictures",
    "sanity, labels": f"sanity?{FEW}&tab=Labels",
}
ROOTS = """[...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")]
  .map((host) => host.shadowRoot.querySelector(".root"))"""
REDRAWN = {"seen", "strip"}
"""What has no state of its own is drawn anew within its root, which stays."""
MARK = f"() => {ROOTS}.map((root) => {{ root.marked = root.firstElementChild.marked = true; }}).length"
MARKED = f"() => {ROOTS}.filter((root) => root.marked).length"
FIRST = f"{ROOTS}.map((root) => root.firstElementChild)"
ANEW = f"() => {FIRST}.filter(({{ marked }}) => !marked).map((first) => first.className)"
RECORD_STREAMS = """
  window.streams = [];
  window.EventSource = class extends EventSource {
    constructor(address) {
      super(address);
      window.streams.push(this);
      this.addEventListener("message", ({ data }) => {
        this.last = JSON.parse(data);
        document.documentElement.dataset.run = this.state = JSON.parse(data).job.state;
      });
    }
  };
"""
WATCH_DRAWINGS = """
  window.drawings = 0;
  const plot = ROOTS.map((root) => root.querySelector("svg.plot")).find((plot) => plot);
  new MutationObserver(() => { window.drawings += 1; }).observe(plot, { childList: true });
""".replace("ROOTS", ROOTS)
"""Counts how often the first chart of the page is drawn."""
DRAWN_ONCE = "() => window.drawings === 1"
"""A function: an expression would be evaluated anew at each look, which the page's content policy forbids."""
TELL = """([job, events]) => window.streams.filter(({ last }) => last).forEach((stream) => stream.onmessage({
  data: JSON.stringify({ job: { ...stream.last.job, ...job }, events: events ?? stream.last.events }),
}))"""
"""Tells again what each stream told last, or another state of the job, or other events."""
STREAMS = "window.streams.map(({ url, readyState, state }) => [new URL(url).pathname, readyState, state])"
OPEN, CLOSED = 1, 2
Open = Callable[..., Any]


def marked(page: Any, rest: Callable[[Any], None]) -> int:
    """Marks every component of the page, and counts them."""
    page.locator(".root").first.wait_for(state="attached")
    rest(page)
    return int(page.evaluate(MARK))


@pytest.mark.parametrize("name", PAGES)
def test_an_update_mounts_nothing_anew(open_page: Open, rest: Callable[[Any], None], name: str) -> None:
    page = open_page(PAGES[name])
    before = marked(page, rest)
    page.get_by_text("Advanced", exact=True).click()
    rest(page)
    assert page.evaluate(MARKED) == before
    before = marked(page, rest)  # with what has been unfolded
    page.get_by_role("spinbutton", name="Seed", exact=True).fill("3")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("used .*another seed")).first).to_be_visible()  # the script has run for it
    rest(page)
    assert page.evaluate(MARKED) == before > 0
    assert set(page.evaluate(ANEW)) <= REDRAWN


def test_the_end_of_a_run_mounts_nothing_anew(open_page: Open, rest: Callable[[Any], None]) -> None:
    # With a seed of its own: what another test asked for would be there at once.
    page = open_page(f"?{FEW}&steps=10&seed=21&model=SqueezeNet+1.1")
    explain = page.get_by_role("button", name="Explain", exact=True)
    explain.click()
    expect(page.get_by_role("button", name="Cancel", exact=True)).to_be_visible()
    before = marked(page, rest)
    expect(explain).to_be_enabled(timeout=120_000)
    rest(page)
    assert page.evaluate(MARKED) == before > 4
    assert set(page.evaluate(ANEW)) <= REDRAWN


@pytest.mark.parametrize(("role", "through"), [("link", "Sanity"), ("tab", "Many pictures")])
def test_a_run_is_not_followed_once_its_last_component_has_left_the_page(
    open_page: Open, rest: Callable[[Any], None], cancel: Callable[[Any], float], chromium: Any, role: str, through: str
) -> None:
    """The one who started it would go on to follow it: what runs elsewhere is shown on every page."""
    mine = open_page("?methods=rise&rise.samples=8000")  # longer than all of this
    mine.get_by_role("button", name="Explain", exact=True).click()
    mine.wait_for_url(re.compile("explanation="))
    with ExitStack() as afterwards:
        afterwards.callback(cancel, mine)
        context = chromium.new_context()
        afterwards.callback(context.close)
        context.add_init_script(RECORD_STREAMS)
        page = context.new_page()
        page.goto(mine.url)
        expect(page.locator("html")).to_have_attribute("data-run", "running", timeout=60_000)
        [run] = {address for address, *at in page.evaluate(STREAMS) if at == [OPEN, "running"]}
        rest(page)
        page.get_by_role(role, name=through, exact=True).click()
        expect(page.locator(".root .plot")).to_have_count(0, timeout=30_000)
        rest(page)
        page.wait_for_function(f"(run) => {STREAMS}.every(([of, ready]) => of !== run || ready === {CLOSED})", arg=run)
        streams = [at for address, *at in page.evaluate(STREAMS) if address == run]
        assert {ready for ready, _ in streams} == {CLOSED}
        # The run's end would have closed them too.
        assert {state for _, state in streams} <= {None, "queued", "running"}


@pytest.fixture
def watched_chart(chromium: Any, server: str, rest: Callable[[Any], None]) -> Iterator[Any]:
    """A page with a sample's charts, of which each drawing is counted."""
    context = chromium.new_context()
    context.add_init_script(RECORD_STREAMS)
    page = context.new_page()
    page.goto(f"{server}/retrain")
    expect(page.locator("svg.plot").first).to_be_visible(timeout=30_000)
    rest(page)
    page.evaluate(WATCH_DRAWINGS)
    yield page
    context.close()


def test_a_chart_is_not_drawn_anew_because_a_run_got_further(watched_chart: Any) -> None:
    further = {"kind": "Progress", "done": 1, "total": 2, "what": "Heatmaps", "unit": "picture"}
    watched_chart.evaluate(TELL, [{}, [further]])
    watched_chart.wait_for_timeout(500)
    assert watched_chart.evaluate("window.drawings") == 0
    watched_chart.evaluate(TELL, [{"state": "running"}, [further]])
    watched_chart.wait_for_function(DRAWN_ONCE)


def test_of_results_that_come_fast_the_first_and_the_last_are_drawn(watched_chart: Any) -> None:
    watched_chart.evaluate(f"() => {{ for (let times = 0; times < 20; times++) ({TELL})([{{}}, null]); }}")
    watched_chart.wait_for_function(DRAWN_ONCE)
    took = f"""async () => {{
      const begin = performance.now();
      while (performance.now() - begin < 500) {{
        ({TELL})([{{}}, null]);
        await new Promise(requestAnimationFrame);
      }}
    }}"""
    watched_chart.evaluate(took)
    watched_chart.wait_for_timeout(300)
    before = watched_chart.evaluate("window.drawings")
    assert 4 <= before <= 7
    watched_chart.wait_for_timeout(300)
    assert watched_chart.evaluate("window.drawings") == before


def test_each_module_is_asked_for_once_on_all_pages_together(open_page: Open, rest: Callable[[Any], None]) -> None:
    page = open_page(f"?{FEW}")
    expect(page.locator(".plot").first).to_be_visible(timeout=30_000)  # all that this opening asks for has come
    rest(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/browser/" in request.url else None)
    page.reload()
    rest(page)
    for name, shown in (("Stamp", ".bars"), ("Sanity", ".maps"), ("Explain", ".plot"), ("Sanity", ".maps")):
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.locator(shown).first).to_be_visible(timeout=30_000)
        rest(page)
    assert len(asked) == len(set(asked)) > 35


def test_of_two_changes_that_wait_for_a_module_the_later_one_is_shown(chromium: Any, server: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    held: list[Any] = []
    page.route("**/prediction.js", lambda route: held.append(route))
    page.goto(f"{server}/?{FEW}&picture=coffee")
    page.get_by_role("radio", name="Cat").click()
    page.wait_for_url(re.compile("picture=chelsea"))
    page.get_by_role("radio", name="Rocket").click()
    page.wait_for_url(re.compile("picture=rocket"))
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)
    expect(page.locator(".seen")).to_have_count(0)
    [only] = held
    only.continue_()
    expect(page.locator(".seen img")).to_have_attribute("src", re.compile("rocket"))
    page.wait_for_timeout(500)
    assert "rocket" in page.locator(".seen img").get_attribute("src")
    context.close()
