// The page's state, what changes it (`apply`), and what is drawn of it (`render`).
import { readAddress, writeAddress } from "./address.js";
import { forgetRemoved } from "./colours.js";
import { el, flat, unfold } from "./elements.js";
import { drawChips, drawList, drawSearch, watchKeys } from "./list.js";
import { matches, parse } from "./matching.js";
import { REPORTS } from "./reports.js";

// `sought` is the path of an address of which nothing is there yet.
const state = { data: null, report: null, address: { path: [""], query: "" }, index: null, sought: null };
const places = new Map();

// What happened: parts of the document that are new (`data`), or another address.
export function apply(event) {
  const isFirst = !state.data, before = state.address;
  if (event.data) {
    state.data = { ...state.data, ...event.data };
    const { subject } = state.report;
    if (isFirst || event.data[subject.part]) state.index = new Map(state.data[subject.part].map((item) => [item.name, subject.describe(item)]));
  }
  if (event.address) state.address = event.address;
  render(state, { isFirst, data: event.data ? Object.keys(event.data) : [], query: before.query !== state.address.query });
  if (isFirst || before.path.join("/") !== state.address.path.join("/")) openAt(state.address.path);
  else if (state.sought && event.data) openAt(state.sought);
}

function render({ data, address, report }, changed) {
  const { subject } = report, found = find(state);
  const shown = {
    subject, items: new Map(data[subject.part].map((item) => [item.name, item])),
    names: address.query ? new Set(found.map((item) => item.name)) : null, // of all, where nothing is looked for
    alerts: address.query ? new Set(subject.nameAlerts(found)) : null,
  };
  const isNew = (section) => (report.sources[section] || [section]).some((part) => changed.data.includes(part));
  for (const [section, draw] of Object.entries(report.above)) {
    if (isNew(section) || changed.query && report.searched.includes(section)) keepPlace(section, () => put(section, draw(data, shown)));
  }
  if (changed.isFirst) {
    places.get(subject.section).hidden = subject.isHidden(data);
    later([subject.section, () => [el("h2", {}, subject.title), drawSearch(subject, state.address.query, search), el("div", { id: "chips" }), el("div", { id: "list" })]], ...Object.entries(report.below));
    return;
  }
  if (isNew("list") || changed.query) {
    drawWaiting();
    keepPlace(subject.section, fillList);
  }
  const news = Object.entries(report.below).filter(([section]) => isNew(section));
  for (const [section, draw] of news) keepPlace(section, () => put(section, draw(state.data)));
  if (news.length) linkSections();
}

// Draw a section anew; what was open in it stays open, and the focus where it was.
function keepPlace(section, draw) {
  const place = places.get(section), here = place.contains(document.activeElement) ? document.activeElement : null;
  const isTyping = here && here.id === "search";
  const around = here?.closest("[data-path]") || place;
  const at = here && !isTyping ? { path: around.dataset.path, tag: here.tagName, number: [...around.querySelectorAll(here.tagName)].indexOf(here) } : null;
  const open = [...place.querySelectorAll("details[open]")].map(nameFold);
  draw();
  forgetRemoved();
  for (const name of open) {
    if (name.startsWith(`${state.report.subject.noun}/`)) reveal(name.split("/").slice(1).join("/"));
    const found = [...place.querySelectorAll("details")].find((one) => nameFold(one) === name);
    if (found && !found.open) unfold(found);
  }
  if (!at) return;
  const row = at.path ? [...place.querySelectorAll("[data-path]")].find((one) => one.dataset.path === at.path) : place;
  const next = at.number < 0 ? row : row && (row.querySelectorAll(at.tag)[at.number] || row.querySelector("summary"));
  next?.focus({ preventScroll: true });
}

// A fold without a name is known by what it is in and by its words, whatever is counted in them.
function nameFold(one) {
  return one.dataset.path || one.dataset.group || `${one.parentElement.closest("[data-path]")?.dataset.path} ${one.querySelector("summary").textContent.replace(/\d+/g, "")}`;
}

function fillList() {
  const { data, index, report: { subject }, address: { query } } = state, box = document.getElementById("search");
  document.getElementById("chips").replaceChildren(drawChips(subject, index, query, search));
  document.getElementById("list").replaceChildren(...flat(drawList(subject, data, find(state), query)));
  if (box.value !== query) box.value = query;
}

function find({ data, address, index, report: { subject } }) {
  const parsed = parse(address.query, subject.keys);
  return data[subject.part].filter((item) => matches(index.get(item.name), parsed));
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
  }, state.data[state.report.subject.part].length > 500 ? 120 : 0);
}

// Open what an address names, and all that it is folded in.
function openAt(path) {
  const [kind, ...rest] = path;
  state.sought = null;
  miss("");
  if (!kind) return;
  drawWaiting();
  if (kind === "section") return void places.get(rest[0])?.scrollIntoView();
  const wanted = [kind, ...rest].join("/");
  if (kind === state.report.subject.noun) reveal(rest.join("/"));
  if (kind === "panel") document.querySelectorAll("details.dashboard").forEach((one) => one.dataset.path === `panel/${rest[0]}` && unfold(one));
  const found = [...document.querySelectorAll("[data-path]")].find((one) => one.dataset.path === wanted);
  if (!found) {
    state.sought = path;
    return void miss(kind, rest.join("/"));
  }
  if (found.tagName === "DETAILS") unfold(found);
  (found.querySelector("summary") || found).focus({ preventScroll: true });
  requestAnimationFrame(() => found.scrollIntoView());
  setTimeout(() => found.scrollIntoView(), 50); // what was drawn above it meanwhile has moved it
}

function reveal(name) {
  const { subject } = state.report, item = state.data[subject.part].find((one) => one.name === name);
  if (!item) return;
  const group = document.querySelector(`details.group[data-group="${item.kind}"]`);
  if (!group || !matches(state.index.get(name), parse(state.address.query, subject.keys))) return;
  unfold(group);
  group.querySelector(".rows").show([item]);
}

function start() {
  const page = document.getElementById("page");
  page.replaceChildren(el("div", { id: "broken", role: "alert", hidden: true }), el("div", { id: "absent", class: "doubts", role: "status", hidden: true }));
  const data = JSON.parse(document.getElementById("run-data").textContent);
  const report = state.report = REPORTS[data.of];
  for (const name of [...Object.keys(report.above), report.subject.section, ...Object.keys(report.below)]) {
    const place = el("section", { id: name });
    places.set(name, place);
    page.append(place);
  }
  if (report.links.length) places.get(report.top).after(el("nav", { "aria-label": "Parts of the report" }, report.links.map(([name, words]) => el("a", { href: `#section/${name}` }, words))));
  page.addEventListener("click", noteOpened);
  addEventListener("hashchange", () => apply({ address: readAddress() }));
  watchKeys(search);
  apply({ data, address: readAddress() });
  report.follows?.(data, apply);
}

// What a person opens is in the address, to be sent on, until it is closed.
function noteOpened(event) {
  const fold = event.target.closest("summary")?.parentElement;
  if (!fold?.dataset.path || fold.parentElement.closest("[data-path]")) return;
  const [kind, ...rest] = fold.open ? [""] : fold.dataset.path.split("/");
  state.address = { path: rest.length ? [kind, rest.join("/")] : [""], query: state.address.query };
  state.sought = null;
  miss("");
  history.replaceState(null, "", writeAddress(state.address));
}

// Say that there is nothing at an address, which somebody may have sent: it is of another report, mistyped, or yet
// to come. Which drills and alerts there are is known from the start, and panels come with the verdict.
function miss(kind, name) {
  const notice = document.getElementById("absent");
  notice.hidden = !["drill", "alert", "incident", "panel"].includes(kind);
  if (notice.hidden) return void (notice.textContent = "");
  const { subject } = state.report, { live, lost } = state.data;
  const isHidden = kind === subject.noun && state.data[subject.part]?.some((one) => one.name === name);
  const mayCome = live && !lost && (kind === "incident" || kind === "panel" && !live.endless);
  notice.textContent = isHidden ? `The search leaves out the ${kind} ${name}.`
    : mayCome ? `There is no ${kind} ${name} yet; ${kind === "panel" ? "panels come with the verdict, and it opens then" : "it opens once it comes"}.`
      : `There is no ${kind} ${name} in this ${live ? "run" : "report"}.`;
}

function complain(error) {
  const notice = document.getElementById("broken");
  notice.hidden = false;
  notice.textContent = `The report could not be drawn: ${error && error.message || error}. ${state.data?.elsewhere || ""}`;
}

addEventListener("error", (event) => complain(event.error || event.message));
start();
