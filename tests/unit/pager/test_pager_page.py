"""The live page in a real browser."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any

import pytest
from support.chromium_session import Browser, BrowserPage, demand_chromium
from support.running_pager import TOKEN, RunningPager

from alertdrill.alertmanager.addresses import TAG_NAME, Address

SLACK = Address(receiver="ticket", integration="slack")
WATCH = """
window.troubles = [];
addEventListener("error", (event) => troubles.push(String(event.message)), true);
addEventListener("unhandledrejection", (event) => troubles.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => troubles.push(event.violatedDirective));
"""
INCIDENTS = """[...document.querySelectorAll("#incidents tr")].map(
  (row) => [...row.children].map((cell) => cell.innerText))"""
DELIVERIES = INCIDENTS.replace("#incidents", "#notices")

demand_chromium(os.environ)


def make_message(status: str, title: str = "it is slow") -> dict[str, Any]:
    """Return a message about one alert."""
    tag = {"title": TAG_NAME, "value": f"alertname=Slow&;01={status}&"}
    return {"attachments": [{"title": title, "text": "very", "fields": [tag]}]}


@pytest.fixture
async def browser(pager: RunningPager, chromium: Browser) -> AsyncIterator[BrowserPage]:
    """Show the page of a pager whose clock was told, with the token in the address."""
    await pager.ask("PUT", "/control/clock", {"speed": 1.0, "origin_s": 1.0})
    address = f"{pager.control}/#token={TOKEN}"
    async with chromium.show(address, script=WATCH) as shown:
        await shown.wait_for("!document.getElementById('shown').hidden")
        yield shown
        assert await shown.evaluate("troubles") == []


async def test_incidents_are_shown_as_they_open_are_updated_and_close(
    pager: RunningPager, browser: BrowserPage
) -> None:
    """With receiver, integration, title, rule time and wall time, without loading the page again."""
    await pager.deliver(SLACK, make_message("firing"))
    await browser.wait_for("document.querySelector('#incidents .open')")
    (row,) = await browser.evaluate(INCIDENTS)
    (incident,) = await pager.list_incidents()
    hours, rest = divmod(round(incident["opened_at_s"]), 3600)
    assert row[0] == "open"
    assert row[1].split() == ["ticket", "slack"]
    assert row[2].splitlines()[0] == "it is slow"
    assert row[3].splitlines()[0] == f"{hours}:{rest // 60:02}:{rest % 60:02}"
    assert len(row[3].splitlines()[-1].split(":")) == 3
    assert row[4:6] == ["\N{EN DASH}", "0"]
    await pager.deliver(SLACK, make_message("firing"))
    await browser.wait_for("document.querySelector('#incidents').innerText.includes('\\t1\\t')")
    await pager.deliver(SLACK, make_message("resolved"))
    await browser.wait_for("document.querySelector('#incidents .closed')")
    deliveries = await browser.evaluate(DELIVERIES)
    assert [row[0] for row in deliveries] == ["3", "2", "1"]
    assert [row[5] for row in deliveries] == ["closed", "updated", "opened"]
    state = await browser.evaluate("document.getElementById('state').innerText")
    assert state == "0 open, 0 acknowledged, 1 closed"
    assert browser.errors == []


async def test_a_person_acknowledges_with_the_button(pager: RunningPager, browser: BrowserPage) -> None:
    """The incident is acknowledged at the pager, and the page says so."""
    await pager.deliver(SLACK, make_message("firing"))
    await browser.wait_for("document.querySelector('#incidents button')")
    await browser.evaluate("document.querySelector('#incidents button').click()")
    await browser.wait_for("document.querySelector('#incidents .acknowledged')")
    assert [one["status"] for one in await pager.list_incidents()] == ["acknowledged"]


async def test_a_refused_delivery_is_shown_with_its_reason(pager: RunningPager, browser: BrowserPage) -> None:
    """It opens nothing."""
    await pager.deliver(SLACK, {})
    await browser.wait_for("document.querySelector('#notices .refused')")
    (row,) = await browser.evaluate(DELIVERIES)
    assert row[4].splitlines()[0] == "400"
    assert "no_text" in row[4]
    assert await browser.evaluate(INCIDENTS) == []


async def test_what_alerts_say_is_text(pager: RunningPager, browser: BrowserPage) -> None:
    """HTML in a title is shown, and neither parsed nor run."""
    hostile = "<img src=x onerror=alert(1)><script>troubles.push('run')</script>"
    await pager.deliver(SLACK, make_message("firing", hostile))
    await browser.wait_for("document.querySelector('#incidents tr')")
    (row,) = await browser.evaluate(INCIDENTS)
    assert row[2].splitlines()[0] == hostile
    assert await browser.evaluate("document.querySelectorAll('img').length") == 0


async def test_a_delivery_is_shown_as_its_receiver_would_show_it(
    pager: RunningPager, browser: BrowserPage
) -> None:
    """Its colour, its markup and its links; it stays open as more arrive, and hostile words stay words."""
    message = make_message("firing")
    message["attachments"][0] |= {
        "color": "danger",
        "title_link": "https://am.example/",
        "text": "*very* <script>troubles.push('run')</script>",
        "actions": [{"text": "leave", "url": "javascript:troubles.push('left')"}],
    }
    await pager.deliver(SLACK, message)
    await browser.wait_for("document.querySelector('#notices .card')")
    await browser.evaluate("document.querySelector('#notices .card summary').click()")
    shown = await browser.evaluate(
        """(() => { const part = document.querySelector('#notices .part'); return {
        colour: getComputedStyle(part).borderLeftColor, bold: part.querySelector('b').innerText,
        links: [...part.querySelectorAll('a')].map((link) => link.href), text: part.innerText }; })()"""
    )
    assert (shown["colour"], shown["bold"]) == ("rgb(163, 2, 0)", "very")
    assert shown["links"] == ["https://am.example/"]
    assert "<script>" in shown["text"]
    await pager.deliver(SLACK, make_message("resolved"))
    await browser.wait_for("document.querySelectorAll('#notices tr').length === 2")
    assert await browser.evaluate(
        "[...document.querySelectorAll('#notices .card')].map((one) => one.open)"
    ) == [
        False,
        True,
    ]


async def test_the_token_is_taken_out_of_the_address_and_only_the_pager_is_asked(
    pager: RunningPager, browser: BrowserPage
) -> None:
    """Whoever looks at the address later does not see it; nothing comes from elsewhere."""
    assert await browser.evaluate("location.href") == f"{pager.control}/"
    assert all(url.startswith(f"{pager.control}/") for url in browser.requests)


async def test_without_a_token_the_page_asks_for_it(pager: RunningPager, chromium: Browser) -> None:
    """A wrong one is said to be wrong; with the right one the journal is shown."""
    submit = "document.getElementById('token').value = '{}'; document.querySelector('#ask button').click()"
    async with chromium.show(f"{pager.control}/", script=WATCH) as browser:
        await browser.wait_for("!document.getElementById('ask').hidden")
        await browser.evaluate(submit.format("wrong"))
        await browser.wait_for("document.getElementById('refused').innerText")
        assert await browser.evaluate("document.getElementById('shown').hidden")
        await browser.evaluate(submit.format(TOKEN))
        await browser.wait_for("!document.getElementById('shown').hidden")
        assert await browser.evaluate("document.getElementById('ask').hidden")


async def test_the_policy_allows_nothing_but_the_page_itself(pager: RunningPager) -> None:
    """No script but its own, no request but to the pager, in nobody's frame."""
    async with pager.session.get(f"{pager.control}/") as answer:
        policy = answer.headers["Content-Security-Policy"].split("; ")
        text = await answer.text()
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in str(policy)
    assert TOKEN not in text
    assert "://" not in text
