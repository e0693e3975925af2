// The pager's own page: it asks for the pager's token, then for what is new, and has incidents acknowledged.
import { el } from "./elements.js";

const EVERY_MS = 1000;
let token = "", version = "", timer = 0;
let turn = 0; // an answer that belongs to an earlier look is dropped
let show = null;
const shown = new Map();

class Refused extends Error {}

export function renderAsk({ ask }) {
  if (!ask) return [];
  const box = el("input", { id: "token", type: "password", autocomplete: "off", required: true });
  const take = (event) => {
    event.preventDefault();
    token = box.value;
    look();
  };
  return [el("p", { class: "doubts", role: "status" }, ask.says),
    ask.wants ? el("form", { class: "search", onsubmit: take }, el("label", { for: "token" }, "The pager’s token"), box, el("button", {}, "Show")) : null];
}

export function followPager(_data, apply) {
  show = (data) => apply({ data });
  addEventListener("hashchange", () => takeToken() && look());
  if (takeToken()) look();
  else want("The pager wants its token.");
}

// Where it was closed meanwhile, or the pager is gone, the look that follows tells.
export function acknowledge(id) {
  ask(`incidents/${encodeURIComponent(id)}/acknowledge`, "POST").catch(() => null).then(look);
}

// The token is not left in the address.
function takeToken() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!given) return false;
  history.replaceState(null, "", location.pathname);
  token = given;
  return true;
}

async function ask(path, method = "GET") {
  const answer = await fetch(path, { method, headers: { Authorization: `Bearer ${token}` }, cache: "no-store" });
  if (answer.status === 401) throw new Refused();
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.status === 204 ? null : answer.json();
}

async function look() {
  clearTimeout(timer);
  const own = turn += 1;
  try {
    const news = await ask(`page?after=${encodeURIComponent(version)}`);
    if (own !== turn) return;
    if (news) version = news.version;
    tell({ ask: null, ...news?.data });
  } catch (error) {
    if (own !== turn) return;
    if (error instanceof Refused) return void want(token ? "That is not its token." : "The pager wants its token.");
    version = ""; // a pager that starts again begins anew
    tell({ ask: { says: "The pager does not answer; still asking." } });
  }
  timer = setTimeout(look, EVERY_MS);
}

function want(says) {
  token = version = "";
  shown.delete("ask");
  tell({ ask: { says, wants: true } });
  document.getElementById("token").focus();
}

// Only what differs is drawn anew: what a person has selected stays selected.
function tell(data) {
  const news = Object.entries(data).filter(([name, part]) => shown.get(name) !== JSON.stringify(part));
  news.forEach(([name, part]) => shown.set(name, JSON.stringify(part)));
  if (news.length) show(Object.fromEntries(news));
}
