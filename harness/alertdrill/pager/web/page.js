"use strict";
const POLL_MS = 1000;
const MOST_NOTICES = 500;
const find = (id) => document.getElementById(id);

let token = "";
let lastNumber = 0;
let notices = [];
let rows = new Map();
let shownIncidents = "";
let timer = 0;
let turn = 0; // an answer that belongs to an earlier token is dropped

class Refused extends Error {}

async function ask(path, method = "GET") {
  const answer = await fetch(path, { method, headers: { Authorization: `Bearer ${token}` }, cache: "no-store" });
  if (answer.status === 401) throw new Refused();
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

function say(text, kind = "") {
  const state = find("state");
  if (state.textContent !== text) state.textContent = text;
  state.className = kind;
}

function element(name, kind, ...content) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...content);
  return made;
}

function stopwatch(seconds) {
  const whole = Math.round(Math.abs(seconds));
  const two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600), minutes = Math.floor(whole / 60) % 60;
  const rest = hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  return seconds < 0 && whole ? `-${rest}` : rest;
}

function instant(atS, wallS) {
  if (wallS === null) return element("td", "instant", "–");
  const wall = new Date(wallS * 1000).toLocaleTimeString("en-GB");
  return atS === null
    ? element("td", "instant", wall)
    : element("td", "instant", stopwatch(atS), element("small", "", wall));
}

const receiver = (one) => element("td", "receiver", one.receiver, element("small", "", one.integration));

function showIncidents(incidents) {
  const text = JSON.stringify(incidents);
  if (text === shownIncidents) return; // what a person has selected stays selected
  shownIncidents = text;
  const rank = (one) => (one.status === "closed" ? 1 : 0);
  const ordered = [...incidents].sort((one, other) => rank(one) - rank(other) || other.opened_s - one.opened_s);
  find("incidents").replaceChildren(...ordered.map((one) => {
    const action = element("td", "");
    if (one.status === "open") {
      const button = element("button", "", "Acknowledge");
      button.addEventListener("click", () => acknowledge(one.id));
      action.append(button);
    }
    return element("tr", "",
      element("td", `state ${one.status}`, one.status), receiver(one),
      element("td", "title", one.title || one.key, element("small", "", one.key)),
      instant(one.opened_at_s, one.opened_s), instant(one.closed_at_s, one.closed_s),
      element("td", "number", String(one.updates)), action);
  }));
  find("no-incidents").hidden = incidents.length > 0;
}

const MARKS = { bold: "b", italic: "i", strike: "s", code: "code" };

function words(said) {
  return said.map(([text, marks, url]) => {
    const shown = marks.reduce((inner, mark) => element(MARKS[mark], "", inner), text);
    if (!url) return shown;
    const link = element("a", "", shown);
    Object.assign(link, { href: url, target: "_blank", rel: "noopener noreferrer" });
    return link;
  });
}

const line = (kind, said) => (said.length ? [element("div", kind, ...words(said))] : []);

function part(one) {
  const facts = one.facts.map(([name, said]) => element("div", "", element("dt", "", name), element("dd", "", ...words(said))));
  const block = element("div", "part",
    ...line("said name", one.title), ...line("said", one.text), ...(facts.length ? [element("dl", "", ...facts)] : []),
    ...one.links.map((link) => element("div", "", ...words([link]))), element("small", "", one.footer));
  if (one.colour) block.style.borderColor = one.colour;
  return [...line("said", one.lead), block];
}

function card(one) {
  const head = [one.sender, one.place, one.badge && `[${one.badge}]`].filter(Boolean).join("  ");
  return element("details", "card", element("summary", "", `as ${one.service} shows it`),
    element("small", "", head), ...line("said", one.lead), ...one.parts.flatMap(part));
}

function notice(one) {
  const count = `${one.status}, ${one.alerts.length} ${one.alerts.length === 1 ? "alert" : "alerts"}`;
  return element("tr", "",
    element("td", "number", String(one.number)), instant(one.at_s, one.received_s), receiver(one),
    element("td", "title", one.title || "–", element("small", "", count), ...(one.card ? [card(one.card)] : [])),
    element("td", one.is_accepted ? "answer" : "answer refused", one.answer, element("small", "", [one.why, one.cut].filter(Boolean).join("; "))),
    element("td", one.effect, one.effect === "none" ? "–" : one.effect));
}

function showNotices() {
  const kept = new Map(notices.map((one) => [one, rows.get(one) || notice(one)])); // what is open stays open
  rows = kept;
  find("notices").replaceChildren(...kept.values());
  find("no-notices").hidden = notices.length > 0;
}

async function acknowledge(id) {
  try {
    await ask(`/incidents/${encodeURIComponent(id)}/acknowledge`, "POST");
  } catch {
    // It was closed meanwhile, or the pager is gone: the next look tells.
  }
  look();
}

async function look() {
  clearTimeout(timer);
  turn += 1;
  const own = turn;
  try {
    const { incidents } = await ask("/incidents");
    const { notices: fresh } = await ask(`/notices?after=${lastNumber}&cards`);
    if (own !== turn) return;
    find("ask").hidden = true;
    find("shown").hidden = false;
    showIncidents(incidents);
    if (fresh.length || !lastNumber) {
      notices = [...fresh.reverse(), ...notices].slice(0, MOST_NOTICES);
      lastNumber = notices.length ? notices[0].number : 0;
      showNotices();
    }
    const count = (status) => incidents.filter((one) => one.status === status).length;
    say(`${count("open")} open, ${count("acknowledged")} acknowledged, ${count("closed")} closed`);
  } catch (error) {
    if (own !== turn) return;
    if (error instanceof Refused) return wait("The pager wants its token.");
    say("The pager does not answer; still asking.", "lost");
    lastNumber = 0; // a pager that starts again counts from 1
    notices = [];
  }
  timer = setTimeout(look, POLL_MS);
}

function wait(why) {
  const isWrong = token !== "";
  token = "";
  lastNumber = 0;
  notices = [];
  find("shown").hidden = true;
  find("ask").hidden = false;
  find("refused").textContent = isWrong ? "That is not its token." : "";
  say(why);
  find("token").focus();
}

function takeFragment() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return false;
  history.replaceState(null, "", location.pathname); // the token is not left in the address
  token = given;
  return true;
}

find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  token = find("token").value;
  find("token").value = "";
  look();
});
addEventListener("hashchange", () => takeFragment() && look());
if (takeFragment()) look();
else wait("The pager wants its token.");
