// The drills: a search whose state is in the address, chips, and a row for each drill, those not met first.
import { drawDrill, drawHops } from "./drill.js";
import { el, fold, unfold } from "./elements.js";
import { sayCounts } from "./head.js";
import { has, KEYS, toggle, write } from "./matching.js";
import { sign } from "./words.js";

const MOST_ROWS = 200, MOST_CHIPS = 12;
const GROUPS = [["unmet", "not met"], ["unobserved", "not fully seen"], ["now", "held now"], ["over", "over, and not judged yet"], ["waiting", "to come"], ["met", "met"]];
const FOLDED = ["met", "over", "waiting"];

export function drawSearch(query, search) {
  const box = el("input", { type: "search", id: "search", placeholder: "outcome:unmet slow", autocomplete: "off", spellcheck: "false", value: query,
    "aria-describedby": "search-help", oninput: () => search(box.value) });
  return el("form", { role: "search", class: "search", onsubmit: (event) => event.preventDefault() },
    el("label", { for: "search" }, "Find drills"), box,
    el("p", { id: "search-help", class: "muted small" }, `Words, and ${KEYS.map((key) => `${key}:`).join(" ")} · / to search, arrows to move, Enter to open, Escape to leave`));
}

export function drawChips(index, query, search) {
  const chips = ["outcome", "system", "receiver", "scenario"].map((key) => {
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

// Met drills stay folded, unless somebody looks for something.
export function drawList(data, drills, query) {
  const groups = GROUPS.map(([kind, words]) => [kind, words, drills.filter((drill) => drill.kind === kind)]).filter(([, , own]) => own.length);
  return [
    el("p", { class: "muted", id: "found", "aria-live": "polite" }, `${drills.length} of ${data.drills.length} drills: ${sayCounts(drills)}`),
    drills.length ? groups.map(([kind, words, own]) => {
      const group = fold({ class: "group", "data-group": kind }, [sign(kind), ` ${own.length} ${words}`], () => drawRows(data, own));
      if (!FOLDED.includes(kind) || query || groups.length === 1 && own.length <= 20) unfold(group);
      return group;
    }) : el("p", {}, "No drill is like that."),
  ];
}

function drawRows(data, drills) {
  const shown = new Set(), rows = el("div", { class: "rows" });
  rows.show = (wanted) => {
    const news = wanted.filter((drill) => !shown.has(drill));
    news.forEach((drill) => shown.add(drill));
    rows.append(...news.map((drill) => drawRow(data, drill)));
  };
  rows.show(drills.slice(0, MOST_ROWS));
  const more = el("button", { type: "button", onclick: () => { rows.show(drills); more.remove(); } }, `Show ${drills.length - MOST_ROWS} more`);
  return drills.length > MOST_ROWS ? [rows, more] : [rows];
}

function drawRow(data, drill) {
  const [first] = drill.findings;
  const stopped = drill.findings.map((finding) => finding.stopped).find(Boolean) || drill.doubt;
  return fold({ class: `drill ${drill.kind}`, "data-path": `drill/${drill.name}` }, [
    sign(drill.kind), el("span", { class: "hidden" }, ` ${drill.outcome}: `), el("b", {}, drill.name), " ",
    el("span", { class: "muted" }, first ? first.selector : drill.system),
    stopped ? el("span", { class: "why" }, stopped) : first && first.hops.length ? drawHops(first.hops) : el("span", { class: "hops muted" }, first ? first.evidence[0] || "" : "nothing fired"),
  ], () => drawDrill(drill, data));
}

// Escape closes and leaves, arrows go from drill to drill, "/" goes to the search.
export function watchKeys(search) {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const box = document.getElementById("search"), here = document.activeElement, isTyping = here === box;
    if (event.key === "/" && !isTyping) { event.preventDefault(); box.focus(); box.select(); }
    else if (event.key === "Escape") leave(event, box, here, search);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const summaries = [...document.querySelectorAll("#drills .group[open] .drill > summary")], at = summaries.indexOf(here);
      if (at < 0 && !(isTyping && event.key === "ArrowDown")) return;
      event.preventDefault();
      const next = event.key === "ArrowDown" ? summaries[at + 1] : at > 0 ? summaries[at - 1] : box;
      next?.focus();
    }
  });
}

function leave(event, box, here, search) {
  const open = here?.closest?.("#drills details[open].drill");
  if (open) { event.preventDefault(); open.open = false; open.querySelector("summary").focus(); }
  else if (here === box && box.value) { event.preventDefault(); search(""); }
  else here?.blur?.();
}
