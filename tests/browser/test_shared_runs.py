"""A class is served by one run, a burst of clicks starts one, and a run that the server lost is told from silence."""

import json
import re
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect

from dashboard.components.component import digest  # noqa: E402

Cancel = Callable[[Any], float]
Open = Callable[..., Any]

PUPILS = 20
LARGEST = 150
AT_ONCE = 5
# Seven clicks: six at once, and one that is on its way while the button changes. On a machine that has no time for the
# browser, a timer ends long after its 200 ms, and what is clicked then is meant.
BURST = """button => new Promise((done) => {
  new MutationObserver((_, watching) => {
    if (button.textContent !== "Cancel") return;
    watching.disconnect();
    const changed = performance.now();
    setTimeout(() => done(performance.now() - changed < 400 && button.click()), 200);
  }).observe(button, { childList: true, characterData: true, subtree: true });
  for (let click = 0; click < 6; click += 1) button.click();
})"""
COURSES = """async (address) => {
  const { courseOf } = await import(address);
  const queued = (others) => courseOf({ job: { state: "queued", others }, data: {} });
  const running = (others) => courseOf({
    job: { state: "running", others, seconds: 3 }, data: {}, heardAt: performance.now(), from: { done: 0, seconds: 0 },
    progress: { what: "Curves", done: 10, total: 100, unit: "pass", seconds: 3 },
  });
  return [queued(2), queued(1), queued(0), running(1), running(0)].map((words) => words.replaceAll("\\u00a0", " "));
}"""
PASSES = re.compile(r"([\d,]+) of ([\d,]+) passes")


def button(page: Any, name: str) -> Any:
    return page.get_by_role("button", name=name, exact=True)


def run_of(address: str) -> dict[str, Any]:
    """How it is with the run that an address of the toy names, and what it has yielded."""
    server, job = re.match(r"(http://[^/]+)/.*[?&]counting=(\w+)", address).groups()
    with urllib.request.urlopen(f"{server}/api/jobs/{job}/events", timeout=60) as events:
        return next(json.loads(line[6:]) for line in events if line.startswith(b"data: "))


def others(page: Any) -> int:
    """How many other runs there are; one that an earlier test left behind goes on for a while."""
    return int(run_of(page.url)["job"]["others"])


def join(pages: list[Any], link: str, rest: Callable[[Any], None]) -> None:
    """Each page opens the link and asks for the same; a few at a time, since all of them load more slowly than one."""
    for page in pages:
        page.goto(link, wait_until="commit")
    for page in pages:
        rest(page)
        expect(page.get_by_text(re.compile(r"Counted to \d+"))).to_be_visible()
        button(page, "Count").click()
    for page in pages:
        page.wait_for_url(lambda address: address != link)


def test_a_run_says_how_many_are_ahead_of_it_and_with_how_many_it_takes_turns(open_page: Open, toy_server: str) -> None:
    page = open_page(at=toy_server)
    assert page.evaluate(COURSES, f"/api/browser/{digest()}/components/progress/course.js") == [
        "Waiting: 2 runs ahead of yours on this computer.",
        "Waiting: 1 run ahead of yours on this computer.",
        "Starting.",
        "Curves · 10 of 100 passes · about 27 s left · taking turns with 1 other run",
        "Curves · 10 of 100 passes · about 27 s left",
    ]


@pytest.mark.slow
def test_twenty_who_open_one_link_and_ask_for_the_same_are_served_by_one_run(
    open_page: Open,
    toy_server: str,
    chromium: Any,
    rest: Callable[[Any], None],
    cancel: Cancel,
) -> None:
    teacher = open_page(f"?largest={LARGEST}", at=toy_server)
    button(teacher, "Count").click()
    teacher.wait_for_url("**counting=**")
    before = others(teacher)
    with ExitStack() as contexts:

        def newcomer() -> Any:
            return contexts.enter_context(chromium.new_context(viewport={"width": 640, "height": 480})).new_page()

        leaving = newcomer()
        join([leaving], teacher.url, rest)
        assert others(leaving) <= before
        cancel(leaving)  # while the run is young: it may be over when all have come
        expect(leaving.get_by_text("Cancelled. Results so far are kept.").first).to_be_visible()
        staying = [newcomer() for _ in range(PUPILS - 2)]
        for at in range(0, len(staying), AT_ONCE):
            join(staying[at : at + AT_ONCE], teacher.url, rest)
        assert all(others(page) <= before for page in (teacher, *staying))
        for page in (teacher, *staying):
            expect(page.get_by_text(f"Counted to {LARGEST}.")).to_be_visible(timeout=30_000)
        ended = [run_of(page.url) for page in (teacher, *staying)]
        assert len({page.url for page in (teacher, leaving, *staying)}) == PUPILS
        assert {(told["job"]["state"], len(told["events"])) for told in ended} == {("done", LARGEST + 1)}
        assert len({told["job"]["seconds"] for told in ended}) == 1


def test_a_burst_of_clicks_starts_one_run_whose_passes_are_the_same_after_a_reload(
    open_page: Open,
    rest: Callable[[Any], None],
    cancel: Cancel,
) -> None:
    page = open_page("?methods=rise&rise.samples=8000&seed=14")  # longer than a reload, on any machine
    page.locator("[class*=st-key-start-explanation] button").evaluate(BURST)
    expect(button(page, "Cancel")).to_be_visible()
    expect(page.get_by_text(PASSES).first).to_be_visible()
    needed = PASSES.search(page.get_by_text(PASSES).first.text_content())[2]
    page.reload()
    rest(page)
    assert PASSES.search(page.get_by_text(PASSES).first.text_content())[2] == needed
    cancel(page)
    said = page.get_by_text(re.compile(r"Cancelled\. Results so far are kept\. [\d,]+ of [\d,]+ passes")).first
    expect(said).to_be_visible()
    made = PASSES.search(said.text_content())[0]
    page.reload()
    rest(page)
    assert PASSES.search(said.text_content())[0] == made


def test_a_server_that_is_silent_is_told_from_a_run_that_is_gone(
    chromium: Any, restarted: Callable[[], Any], rest: Callable[[Any], None]
) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.set_default_timeout(30_000)
    with restarted() as address:
        page.goto(f"{address}/?largest=9000")
        rest(page)
        button(page, "Count").click()
        expect(page.get_by_role("progressbar")).to_be_visible()
    not_answering = page.get_by_text("The HeatCheck server is not answering.")
    expect(not_answering.first).to_be_visible()
    expect(page.get_by_text(re.compile("internet|Streamlit server"))).to_have_count(0)
    with restarted():
        expect(page.get_by_text("That count is no longer kept here.")).to_be_visible(timeout=60_000)
        expect(not_answering).to_have_count(0)
        expect(button(page, "Count")).to_be_enabled()
    context.close()
