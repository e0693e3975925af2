// What is judged, drills or alerts: a search whose state is in the address, chips, and a row for each, the worst first.
import { el, fold, unfold } from "./elements.js";
import { has, toggle, write } from "./matching.js";
import { count, sign } from "./words.js";

const MOST_ROWS = 200, MOST_CHIPS = 12;
const FOLDED = ["met", "over", "waiting"];

export function drawSearch(subject, query, search) {
  const box = el("input", { type: "search", id: "search", placeholder: subject.example, autocomplete: "off", spellcheck: "false", value: query,
    "aria-describedby": "search-help", oninput: () => search(box.value) });
  return el("form", { role: "search", class: "search", onsubmit: (event) => event.preventDefault() },
    el("label", { for: "search" }, `Find ${subject.noun}s`), box,
    el("p", { id: "search-help", class: "muted small" }, `Words, and ${subject.keys.map((key) => `${key}:`).join(" ")} · / to search, arrows to move, Enter to open, Escape to leave`));
}

export function drawChips(subject, index, query, search) {
  const chips = subject.chips.map((key) => {
    const counts = new Map();
    for (const { values } of index.values()) for (const value of values[key]) if (value) counts.set(value, (counts.get(value) || 0) + 1);
    const named = [...counts].sort((one, other) => other[1] - one[1]).slice(0, MOST_CHIPS);
    return named.length < 2 ? null : el("div", { class: "chips", role: "group", "aria-label": key }, el("span", { class: "muted small" }, key), named.map(([value, number]) => {
      const token = write(key, value);
      return el("button", { type: "button", class: "chip", "aria-pressed": String(has(query, token)), "data-token": token, onclick: () => search(toggle(query, token)) }, `${value} `, el("span", { class: "muted" }, number));
    }));
  });
  return el("div", { class: "all-chips" }, chips);
}

// What is met stays folded, unless somebody looks for something.
export function drawList(subject, data, items, query) {
  const groups = subject.groups.map(([kind, words]) => [kind, words, items.filter((item) => item.kind === kind)]).filter(([, , own]) => own.length);
  return [
    el("p", { class: "muted", id: "found", "aria-live": "polite" }, `${items.length} of ${data[subject.part].length} ${subject.noun}s: ${sayCounts(subject, items)}`),
    items.length ? groups.map(([kind, words, own]) => {
      const group = fold({ class: "group", "data-group": kind }, [sign(kind), ` ${own.length} ${words}`], () => drawRows(subject, data, own));
      if (!FOLDED.includes(kind) || query || groups.length === 1 && own.length <= 20) unfold(group);
      return group;
    }) : el("p", {}, `No ${subject.noun} is like that.`),
  ];
}

function sayCounts(subject, items) {
  const kinds = Object.entries(subject.words).map(([kind, words]) => [words, items.filter((item) => item.kind === kind).length]);
  return kinds.filter(([, number]) => number).map(([words, number]) => `${number} ${words}`).join(", ") || count(0, subject.noun);
}

function drawRows(subject, data, items) {
  const shown = new Set(), rows = el("div", { class: "rows" });
  rows.show = (wanted) => {
    const news = wanted.filter((item) => !shown.has(item));
    news.forEach((item) => shown.add(item));
    rows.append(...news.map((item) => drawRow(subject, data, item)));
  };
  rows.show(items.slice(0, MOST_ROWS));
  const more = el("button", { type: "button", onclick: () => { rows.show(items); more.remove(); } }, `Show ${items.length - MOST_ROWS} more`);
  return items.length > MOST_ROWS ? [rows, more] : [rows];
}

function drawRow(subject, data, item) {
  return fold({ class: `${subject.noun} ${item.kind}`, "data-path": `${subject.noun}/${item.name}` },
    [sign(item.kind), el("span", { class: "hidden" }, ` ${item.outcome}: `), el("b", {}, item.name), " ", subject.sumUp(item)],
    () => subject.draw(item, data));
}

// Escape closes and leaves, arrows go from row to row, "/" goes to the search.
export function watchKeys(search) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const box = document.getElementById("search"), here = document.activeElement, isTyping = here === box;
    if (event.key === "/" && !isTyping) { event.preventDefault(); box.focus(); box.select(); }
    else if (event.key === "Escape") leave(event, box, here, search);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const summaries = [...document.querySelectorAll("#list .group[open] .rows > details > summary")], at = summaries.indexOf(here);
      if (at < 0 && !(isTyping && event.key === "ArrowDown")) return;
      event.preventDefault();
      const next = event.key === "ArrowDown" ? summaries[at + 1] : at > 0 ? summaries[at - 1] : box;
      next?.focus();
    }
  });
}

function leave(event, box, here, search) {
  const open = here?.closest?.("#list .rows > details[open]");
  if (open) { event.preventDefault(); open.open = false; open.querySelector("summary").focus(); }
  else if (here === box && box.value) { event.preventDefault(); search(""); }
  else here?.blur?.();
}
