// What a change does: what is wrong, each touched alert before and after in every drill, and what else changed.
import { writeAddress } from "./address.js";
import { paintWhenSeen } from "./colours.js";
import { el } from "./elements.js";
import { listAlerts } from "./entries.js";
import { drawLanes } from "./lanes.js";
import { plot } from "./plots.js";
import { clock, count, kindOf, sign } from "./words.js";

export const GATED = listAlerts({
  example: "outcome:unmet drill:slow",
  keys: ["alert", "system", "change", "drill", "check", "outcome", "label"],
  chips: ["outcome", "change", "system", "check"],
  groups: [["unmet", "wrong"], ["unobserved", "could not be told"], ["met", "as their drills expect"]],
  words: { unmet: "wrong", unobserved: "not told", met: "as their drills expect" },
  matrix: { title: "Touched alerts", says: (counts) => `${counts}. A cell leads to its alert.` },
  draw,
});

export function renderTroubles({ troubles }) {
  if (!troubles.length) return [];
  return [el("h2", {}, "What is to be done"), el("ul", { class: "changes" }, troubles.map(drawTrouble))];
}

function drawTrouble({ kind, says, source, alert }) {
  const link = alert ? [" ", el("a", { href: writeAddress({ path: ["alert", alert], query: "" }) }, `Show ${alert}`)] : null;
  return el("li", {}, sign(kind), " ", kind === "warned" ? el("span", { class: "hidden" }, "warning: ") : null, says, source ? [" ", el("code", { class: "muted" }, source)] : null, link);
}

function draw(entry) {
  return [
    entry.troubles.map(({ kind, says, source }) => el("p", { class: `stopped ${kind}` }, says, source ? [" ", el("code", {}, source)] : null)),
    entry.changes.map(drawChange),
    entry.routes.length ? [el("h4", {}, "Paged otherwise"), entry.routes.map(([before, after]) => drawFields([["pages", before.join(" and "), after.join(" and ")]]))] : null,
    entry.effects.length ? [el("h4", {}, "What it does in drills"), drawKey(), entry.effects.map((effect) => drawEffect(effect))] : null,
    entry.effects_more ? el("p", { class: "muted small" }, `${entry.effects_more} more alarms are left out; the gate prints all of them.`) : null,
    entry.figures.length ? [el("h4", {}, "Its value against its threshold"), entry.figures.map((figure) => drawFigure(figure, entry.name))] : null,
    entry.figures_more ? el("p", { class: "muted small" }, `The curves of ${count(entry.figures_more, "drill")} more are left out, so that the page stays small.`) : null,
    entry.drills.length ? [el("h4", {}, "Its drills, by the rules as they are now"), el("ul", { class: "changes" }, entry.drills.map(drawVerdict))] : null,
    entry.score ? el("p", {}, `Mutation score: ${entry.score}.`) : null,
    el("p", { class: "small" }, el("a", { href: writeAddress({ path: ["alert", entry.name], query: "" }) }, "Link to this alert")),
  ];
}

function drawChange(change) {
  return [el("h4", {}, change.says, " ", el("code", { class: "muted" }, change.source)),
    change.expr ? el("pre", {}, change.expr) : null, change.fields.length ? drawFields(change.fields) : null];
}

function drawFields(fields) {
  const says = (kind, text) => el("td", {}, text ? el(kind, {}, el("code", {}, text)) : el("span", { class: "muted" }, "not stated"));
  return el("table", { class: "fields" },
    el("thead", {}, el("tr", {}, ["field", "before", "after"].map((name) => el("th", { scope: "col" }, name)))),
    el("tbody", {}, fields.map(([name, before, after]) => el("tr", {}, el("th", { scope: "row" }, name), says("del", before), says("ins", after)))));
}

function drawKey() {
  return el("ul", { class: "key" }, ["pending", "firing"].map((kind) => el("li", {}, el("span", { class: `swatch ${kind}` }), kind)),
    el("li", {}, "from the start of the drill to its end"));
}

function drawEffect({ drill, selector, changed, says, until, bands }) {
  const sides = changed ? ["before", "after"] : ["as before"];
  const own = changed ? bands : bands.slice(1);
  const words = changed ? says : says.slice(1);
  const silent = (side) => ({ kind: "speed", from: 0, until, hover: `${side}: from the start of the drill to its end` });
  const lanes = sides.map((side, number) => ({ title: side, bars: [silent(side)].concat(own[number].map(([kind, from, end]) => ({ kind, from, until: end, label: kind, hover: `${side}: ${kind}, ${clock(from)} to ${clock(end)}` }))) }));
  const place = el("div", { class: "lane-box", role: "img", "aria-label": `${selector} in ${drill}: ${sides.map((side, number) => `${side}: ${words[number]}`).join("; ")}` });
  paintWhenSeen(place, () => place.replaceChildren(drawLanes(lanes, { from: 0, until, width: place.clientWidth })));
  return el("section", { class: "finding effect" },
    el("p", {}, el("b", {}, drill), " ", el("code", {}, selector)),
    el("dl", { class: "facts" }, sides.map((side, number) => [el("dt", {}, side), el("dd", {}, words[number])])), place);
}

// The rule's value before, with dashes, and after, over the drill's own time; in words, too, for who sees no curves.
function drawFigure({ drill, until, curves, thresholds, log, low, high, remarks }, alert) {
  return el("section", { class: "finding figure" },
    el("p", {}, el("b", {}, drill)),
    plot({ curves, thresholds, log, low, high, from: 0, until, height: 170, says: `${alert} in ${drill}: ${curves.map(({ says }) => says).join("; ")}` }),
    el("ul", { class: "series" }, curves.map(({ hue, says }) => el("li", { class: `dash-${Math.floor(hue / 6) % 3}`, "--hue": `var(--hue-${hue % 6})` }, says))),
    remarks.length ? el("p", { class: "muted small" }, remarks.join(" ")) : null);
}

function drawVerdict({ name, kind, findings }) {
  return el("li", {}, sign(kind), " ", el("b", {}, name),
    findings.map(([outcome, expected, evidence]) => el("div", { class: "small verdict" }, sign(kindOf(outcome)), ` ${outcome}; expected: ${expected}; seen: ${evidence}`)));
}

export function renderOthers({ others }) {
  const { changes, sections, texts } = others;
  if (!changes.length && !sections.length && !texts.length) return [];
  return [el("h2", {}, "What else changed"),
    changes.map(drawChange),
    sections.length ? el("p", {}, `The Alertmanager config says something else in ${sections.join(", ")}.`) : null,
    texts.map(({ says, lines }) => [el("h3", {}, says), el("pre", { class: "diff" }, lines.map((line) =>
      el(line.startsWith("+") ? "ins" : line.startsWith("-") ? "del" : "span", {}, `${line}\n`)))])];
}
