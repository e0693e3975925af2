// The page's state, what changes it (`apply`), and what is drawn of it (`render`).
import { readAddress, writeAddress } from "./address.js";
import { renderAlerts } from "./alerts.js";
import { el, flat, unfold } from "./elements.js";
import { renderChanges, renderHead } from "./head.js";
import { follow, renderLive } from "./live.js";
import { drawChips, drawList, drawSearch, watchKeys } from "./list.js";
import { describe, matches, parse } from "./matching.js";
import { renderMatrix } from "./matrix.js";
import { renderPages } from "./pages.js";
import { renderDashboards } from "./panels.js";
import { renderRun } from "./run.js";
import { renderTimeline } from "./timeline.js";

const SECTIONS = ["head", "live", "changes", "matrix", "timeline", "drills", "alerts", "pages", "dashboards", "run"];
const LINKS = [["matrix", "Hops"], ["timeline", "The run"], ["drills", "Drills"], ["alerts", "Alerts"], ["pages", "Pages"], ["dashboards", "Dashboards"], ["run", "How it was held"]];
// What each section is drawn of, where that is more than its own part of the document.
const SOURCES = { matrix: ["matrix", "drills"], live: ["live", "lost"], timeline: ["timeline", "drills"], alerts: ["alerts", "drills"], pages: ["pages"], list: ["drills", "pages"], run: ["facts", "logs"] };
const state = { data: null, address: { path: [""], query: "" }, index: null };
const places = new Map();

// What happened: parts of the document that are new (`data`), or another address.
export function apply(event) {
  const isFirst = !state.data, before = state.address;
  if (event.data) {
    state.data = { ...state.data, ...event.data };
    if (event.data.drills) state.index = new Map(state.data.drills.map((drill) => [drill.name, describe(drill)]));
  }
  if (event.address) state.address = event.address;
  render(state, { isFirst, data: event.data ? Object.keys(event.data) : [], query: before.query !== state.address.query });
  if (isFirst || before.path.join("/") !== state.address.path.join("/")) openAt(state.address.path);
}

function render({ data, address }, changed) {
  const drills = find(state);
  const byName = new Map(data.drills.map((drill) => [drill.name, drill]));
  const names = address.query ? new Set(drills.map((drill) => drill.name)) : null;
  const alerts = address.query ? new Set(drills.flatMap((drill) => drill.findings.map((finding) => finding.alert))) : null;
  const isNew = (section) => (SOURCES[section] || [section]).some((part) => changed.data.includes(part));
  const first = { head: () => renderHead(data), live: () => renderLive(data), changes: () => renderChanges(data),
    matrix: () => renderMatrix(data, alerts, byName), timeline: () => renderTimeline(data, names) };
  for (const [section, draw] of Object.entries(first)) {
    if (isNew(section) || changed.query && ["matrix", "timeline"].includes(section)) keepPlace(section, () => put(section, draw()));
  }
  const below = { alerts: renderAlerts, pages: renderPages, dashboards: renderDashboards, run: renderRun };
  if (changed.isFirst) {
    places.get("drills").hidden = Boolean(data.live?.endless); // a stack that stands has none
    later(["drills", () => [el("h2", {}, "Drills"), drawSearch(state.address.query, search), el("div", { id: "chips" }), el("div", { id: "list" })]], ...Object.entries(below));
    return;
  }
  if (isNew("list") || changed.query) {
    drawWaiting();
    keepPlace("drills", fillList);
  }
  const news = Object.entries(below).filter(([section]) => isNew(section));
  for (const [section, draw] of news) keepPlace(section, () => put(section, draw(state.data)));
  if (news.length) linkSections();
}

// Draw a section anew; what was open in it stays open, and the focus where it was.
function keepPlace(section, draw) {
  const place = places.get(section), here = place.contains(document.activeElement) ? document.activeElement : null;
  const isTyping = here && here.id === "search";
  const at = here && !isTyping ? { path: here.closest("[data-path]")?.dataset.path, tag: here.tagName, number: [...place.querySelectorAll(here.tagName)].indexOf(here) } : null;
  const open = [...place.querySelectorAll("details[open]")].map((one) => one.dataset.path || one.dataset.group).filter(Boolean);
  draw();
  for (const name of open) {
    const found = [...place.querySelectorAll("details")].find((one) => one.dataset.path === name || one.dataset.group === name);
    if (found && !found.open) unfold(found);
  }
  if (!at) return;
  const row = at.path && [...place.querySelectorAll("[data-path]")].find((one) => one.dataset.path === at.path);
  const next = row ? row.querySelector("summary") || row : place.querySelectorAll(at.tag)[at.number];
  next?.focus({ preventScroll: true });
}

function fillList() {
  const { data, index, address: { query } } = state, box = document.getElementById("search");
  document.getElementById("chips").replaceChildren(drawChips(index, query, search));
  document.getElementById("list").replaceChildren(...flat(drawList(data, find(state), query)));
  if (box.value !== query) box.value = query;
}

function find({ data, address, index }) {
  const parsed = parse(address.query);
  return data.drills.filter((drill) => matches(index.get(drill.name), parsed));
}

// What is below the first screen is drawn after it was shown, or when an address leads there.
let waiting = [];
function later(...sections) {
  waiting = sections;
  requestAnimationFrame(() => setTimeout(drawWaiting));
}

function drawWaiting() {
  if (!waiting.length) return;
  for (const [name, draw] of waiting.splice(0)) put(name, draw(state.data));
  linkSections();
  fillList();
  document.documentElement.dataset.drawn = "yes";
}

function linkSections() {
  for (const link of document.querySelectorAll("nav a")) {
    const place = places.get(link.hash.split("/")[1]);
    link.hidden = place.hidden || !place.hasChildNodes();
  }
}

function put(name, parts) {
  places.get(name).replaceChildren(...flat(parts));
}

let typed = null;
function search(query) {
  const focused = document.activeElement?.dataset?.token;
  clearTimeout(typed);
  typed = setTimeout(() => {
    const address = { path: [""], query };
    history.replaceState(null, "", writeAddress(address));
    apply({ address });
    if (focused) [...document.querySelectorAll(".chip")].find((chip) => chip.dataset.token === focused)?.focus();
  }, state.data.drills.length > 500 ? 120 : 0);
}

// Open what an address names, and all that it is folded in.
function openAt(path) {
  const [kind, ...rest] = path;
  miss("");
  if (!kind) return;
  drawWaiting();
  if (kind === "section") return void places.get(rest[0])?.scrollIntoView();
  const wanted = [kind, ...rest].join("/");
  if (kind === "drill") revealDrill(rest.join("/"));
  if (kind === "panel") document.querySelectorAll("details.dashboard").forEach((one) => one.dataset.path === `panel/${rest[0]}` && unfold(one));
  const found = [...document.querySelectorAll("[data-path]")].find((one) => one.dataset.path === wanted);
  if (!found) return void miss(kind, rest.join("/"));
  if (found.tagName === "DETAILS") unfold(found);
  (found.querySelector("summary") || found).focus({ preventScroll: true });
  requestAnimationFrame(() => found.scrollIntoView());
  setTimeout(() => found.scrollIntoView(), 50); // what was drawn above it meanwhile has moved it
}

function revealDrill(name) {
  const drill = state.data.drills.find((one) => one.name === name);
  if (!drill) return;
  const group = document.querySelector(`details.group[data-group="${drill.kind}"]`);
  if (!group || !matches(state.index.get(name), parse(state.address.query))) return;
  unfold(group);
  group.querySelector(".rows").show([drill]);
}

function start() {
  const page = document.getElementById("page");
  page.replaceChildren(el("div", { id: "broken", role: "alert", hidden: true }), el("div", { id: "absent", class: "doubts", role: "status", hidden: true }));
  for (const name of SECTIONS) {
    const place = el("section", { id: name });
    places.set(name, place);
    page.append(place);
  }
  places.get("live").after(el("nav", { "aria-label": "Parts of the report" }, LINKS.map(([name, words]) => el("a", { href: `#section/${name}` }, words))));
  addEventListener("hashchange", () => apply({ address: readAddress() }));
  watchKeys(search);
  const data = JSON.parse(document.getElementById("run-data").textContent);
  apply({ data, address: readAddress() });
  if (data.live) follow(data.version, apply);
}

// Say that there is nothing at an address, which somebody may have sent; it is of another report, or mistyped.
function miss(kind, name) {
  const notice = document.getElementById("absent");
  notice.hidden = Boolean(state.data.live) || !["drill", "alert", "incident", "panel"].includes(kind); // it may come yet
  if (notice.hidden) return void (notice.textContent = "");
  const isHidden = kind === "drill" && state.data.drills?.some((one) => one.name === name);
  notice.textContent = isHidden ? `The search leaves out the drill ${name}.` : `There is no ${kind} ${name} in this report.`;
}

function complain(error) {
  const notice = document.getElementById("broken");
  notice.hidden = false;
  notice.textContent = `The report could not be drawn: ${error && error.message || error}. timeline.json and junit.xml have the verdicts, too.`;
}

addEventListener("error", (event) => complain(event.error || event.message));
start();
