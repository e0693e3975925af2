"""The pager's own page in a real browser: the pages of a live report, of who has the pager's token."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from support.chromium_session import Browser, BrowserPage, demand_chromium
from support.running_pager import TOKEN, RunningPager
from support.shown_reports import ASK_AXE, AXE, DRAWN, OPEN_ALL, WATCH

from alertdrill.alertmanager.addresses import TAG_NAME, Address

SLACK = Address(receiver="ticket", integration="slack")
HEAD = "document.querySelector('#head h1').textContent"
ASKED = "document.querySelector('#ask form')"
INCIDENT = "document.querySelector('[data-path=\"incident/{}\"]')"

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
        await shown.wait_for(f"{DRAWN} && {HEAD}.includes('0 open')")
        yield shown
        assert await shown.evaluate("troubles") == []
        assert shown.errors == []


async def read_incident(browser: BrowserPage, name: str) -> str:
    """Return what an incident says when it is opened."""
    await browser.evaluate(f"location.hash = '#incident/{name}'")
    await browser.wait_for(f"{INCIDENT.format(name)}?.querySelector('.notices')")
    return str(await browser.evaluate(f"{INCIDENT.format(name)}.textContent"))


async def test_incidents_are_shown_as_they_open_are_updated_and_close(
    pager: RunningPager, browser: BrowserPage
) -> None:
    """With receiver, integration, title and rule time; what is open stays open."""
    await pager.deliver(SLACK, make_message("firing"))
    await browser.wait_for(f"{HEAD}.includes('1 open')")
    said = await read_incident(browser, "1")
    (incident,) = await pager.list_incidents()
    hours, rest = divmod(round(incident["opened_at_s"]), 3600)
    assert "it is slow ticket \N{MIDDLE DOT} slack" in said
    assert f"{hours}:{rest // 60:02}:{rest % 60:02} open" in said
    assert "1 notification" in said
    await pager.deliver(SLACK, make_message("firing"))
    await browser.wait_for(f"{INCIDENT.format(1)}.textContent.includes('2 notifications')")
    await pager.deliver(SLACK, make_message("resolved"))
    await browser.wait_for(f"{HEAD}.includes('0 open, 0 acknowledged, 1 closed')")
    assert await browser.evaluate(f"{INCIDENT.format(1)}.open")
    said = await browser.evaluate(f"{INCIDENT.format(1)}.textContent")
    assert all(effect in said for effect in ("opened", "updated", "closed"))


async def test_a_person_acknowledges_with_the_button(pager: RunningPager, browser: BrowserPage) -> None:
    """The incident is acknowledged at the pager, and the page says so."""
    await pager.deliver(SLACK, make_message("firing"))
    await browser.wait_for(f"{HEAD}.includes('1 open')")
    await read_incident(browser, "1")
    await browser.evaluate(f"{INCIDENT.format(1)}.querySelector('button').click()")
    await browser.wait_for(f"{HEAD}.includes('0 open, 1 acknowledged')")
    assert [one["status"] for one in await pager.list_incidents()] == ["acknowledged"]
    assert "acknowledged" in await browser.evaluate(f"{INCIDENT.format(1)}.textContent")
    assert await browser.evaluate(f"{INCIDENT.format(1)}.querySelector('button')") is None


async def test_what_opens_nothing_is_shown_with_its_reason(pager: RunningPager, browser: BrowserPage) -> None:
    """A delivery that was refused, and one that was taken and says of no group which it is about."""
    await pager.deliver(SLACK, {})
    await pager.deliver(SLACK, {"attachments": [{"title": "by hand", "text": "look"}]})
    for name, said in (("refused", "no_text"), ("loose", "which group it is about")):
        attempts = f"document.querySelector('[data-path=\"attempts/{name}\"]')"
        await browser.wait_for(attempts)
        await browser.evaluate(f"{attempts}.querySelector('summary').click()")
        await browser.wait_for(f"{attempts}?.textContent.includes('{said}')")
    assert await pager.list_incidents() == []


async def test_what_alerts_say_is_text(pager: RunningPager, browser: BrowserPage) -> None:
    """HTML in a title is shown, and neither parsed nor run."""
    hostile = "<img src=x onerror=alert(1)><script>troubles.push('run')</script>"
    await pager.deliver(SLACK, make_message("firing", hostile))
    await browser.wait_for(f"{HEAD}.includes('1 open')")
    assert hostile in await read_incident(browser, "1")
    assert await browser.evaluate("document.querySelectorAll('img').length") == 0


async def test_a_delivery_is_shown_as_its_receiver_would_show_it(
    pager: RunningPager, browser: BrowserPage
) -> None:
    """Its colour, its markup and its links; hostile words stay words."""
    message = make_message("firing")
    message["attachments"][0] |= {
        "color": "danger",
        "title_link": "https://am.example/",
        "text": "*very* <script>troubles.push('run')</script>",
        "actions": [{"text": "leave", "url": "javascript:troubles.push('left')"}],
    }
    await pager.deliver(SLACK, message)
    await browser.wait_for(f"{HEAD}.includes('1 open')")
    await read_incident(browser, "1")
    shown = await browser.evaluate(
        f"""(() => {{ const part = {INCIDENT.format(1)}.querySelector('.part'); return {{
        colour: getComputedStyle(part).borderLeftColor, bold: part.querySelector('b').textContent,
        links: [...part.querySelectorAll('a')].map((link) => link.href), text: part.textContent }}; }})()"""
    )
    assert (shown["colour"], shown["bold"]) == ("rgb(163, 2, 0)", "very")
    assert shown["links"] == ["https://am.example/"]
    assert "<script>" in shown["text"]


async def test_the_token_is_taken_out_of_the_address_and_only_the_pager_is_asked(
    pager: RunningPager, browser: BrowserPage
) -> None:
    """Whoever looks at the address later does not see it; nothing comes from elsewhere."""
    assert await browser.evaluate("location.href") == f"{pager.control}/"
    assert all(url.startswith(f"{pager.control}/") for url in browser.requests)


async def test_without_a_token_the_page_asks_for_it(pager: RunningPager, chromium: Browser) -> None:
    """A wrong one is said to be wrong; with the right one the journal is shown."""
    submit = f"document.getElementById('token').value = '{{}}'; {ASKED}.querySelector('button').click()"
    async with chromium.show(f"{pager.control}/", script=WATCH) as browser:
        await browser.wait_for(ASKED)
        await browser.evaluate(submit.format("wrong"))
        await browser.wait_for("document.getElementById('ask').textContent.includes('not its token')")
        assert "open" not in await browser.evaluate(HEAD)
        await browser.evaluate(submit.format(TOKEN))
        await browser.wait_for(f"{HEAD}.includes('0 open')")
        assert await browser.evaluate(ASKED) is None


@pytest.mark.parametrize("width", [1200, 400])
async def test_it_is_accessible(pager: RunningPager, chromium: Browser, width: int) -> None:
    """With everything opened, axe-core finds nothing against WCAG AA, and all is inside the window."""
    await pager.deliver(SLACK, make_message("firing"))
    address = f"{pager.control}/#token={TOKEN}"
    async with chromium.show(address, width=width, script=AXE.read_text(encoding="utf-8")) as browser:
        await browser.wait_for(f"{DRAWN} && {HEAD}.includes('1 open')")
        await browser.evaluate(OPEN_ALL)
        assert await browser.evaluate("document.documentElement.scrollWidth") <= width
        assert await browser.evaluate(ASK_AXE) == []


async def test_the_policy_allows_nothing_but_the_page_itself(pager: RunningPager) -> None:
    """No script but its own, no request but to the pager, in nobody's frame; and no token in it."""
    async with pager.session.get(f"{pager.control}/") as answer:
        policy, text = answer.headers["Content-Security-Policy"], await answer.text()
    assert policy == "frame-ancestors 'none'"
    assert "default-src &#x27;none&#x27;; script-src &#x27;sha256-" in text
    assert "connect-src &#x27;self&#x27;" in text
    assert TOKEN not in text


async def test_the_page_is_told_what_is_new_and_no_more(pager: RunningPager) -> None:
    """Who has the newest gets nothing; a delivery, an acknowledgement and another clock are new."""

    async def look(after: str) -> str:
        news = await pager.ask("GET", f"/page?after={quote(after)}")
        return after if news is None else str(news["version"])

    seen = [await look("")]
    assert await look(seen[0]) == seen[0]
    await pager.deliver(SLACK, make_message("firing"))
    seen.append(await look(seen[-1]))
    await pager.ask("POST", "/incidents/1/acknowledge")
    seen.append(await look(seen[-1]))
    await pager.ask("PUT", "/control/clock", {"speed": 1.0, "origin_s": 1.0})
    seen.append(await look(seen[-1]))
    assert len(set(seen)) == 4
