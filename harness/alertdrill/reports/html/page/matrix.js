// Alerts x hops: a cell for each claim, which leads to its drill; what is not proved stands first.
import { writeAddress } from "./address.js";
import { el } from "./elements.js";
import { write } from "./matching.js";
import { count, sign } from "./words.js";

const MOST = 60, MOST_CELLS = 4;
const ORDER = ["unmet", "unobserved", "warned", "none", "met"];

// A cell leads to what it is of, an item of the subject by its name.
export function renderMatrix({ matrix }, { subject, alerts, items }) {
  if (!matrix.rows.length) return [];
  const rows = matrix.rows.filter((row) => !alerts || alerts.has(row.alert));
  const isScored = matrix.rows.some((row) => row.score !== null);
  const body = el("tbody", {}, rows.slice(0, MOST).map((row) => drawRow(row, matrix.hops, subject, items, isScored)));
  const more = rows.length > MOST ? el("button", { type: "button", onclick: (event) => {
    body.append(...rows.slice(MOST).map((row) => drawRow(row, matrix.hops, subject, items, isScored)));
    event.target.remove();
  } }, `Show ${rows.length - MOST} more alerts`) : null;
  const head = el("tr", {}, ["alert", ...matrix.hops, ...(isScored ? ["mutants noticed"] : [])].map((name) => el("th", { scope: "col" }, name)));
  return [
    el("h2", { id: "coverage" }, subject.matrix.title),
    el("p", { class: "muted small" }, subject.matrix.says(matrix.counts)),
    el("div", { class: "scroll", role: "region", "aria-label": subject.matrix.title, tabindex: 0 },
      el("table", { class: "matrix" }, el("thead", {}, head), body)),
    more,
    matrix.left_out.length ? el("p", { class: "muted small" }, `Left out, since they prove what is wrong with them: ${matrix.left_out.join(", ")}.`) : null,
  ];
}

function drawRow(row, hops, subject, items, isScored) {
  const name = el("a", { href: writeAddress({ path: ["alert", row.alert], query: "" }) }, row.alert);
  const note = row.note ? el("span", { class: "muted" }, ` ${row.note}`) : null;
  const cells = hops.map((hop, index) => {
    const own = row.cells.filter(([place]) => place === index);
    const drawn = own.sort((one, other) => ORDER.indexOf(one[1]) - ORDER.indexOf(other[1])).map((cell) => drawCell(cell, row.alert, hop, subject, items));
    return el("td", { "data-hop": hop }, drawn.length > MOST_CELLS ? [drawn.slice(0, MOST_CELLS), el("details", {}, el("summary", { class: "small" }, `${drawn.length - MOST_CELLS} more`), drawn.slice(MOST_CELLS))]
      : drawn.length ? drawn : el("span", { class: "muted", "aria-label": "does not apply" }, "·"));
  });
  const score = isScored ? el("td", {}, row.score === null ? "" : `${row.score}%`) : null;
  return el("tr", {}, el("th", { scope: "row" }, name, note), cells, score);
}

function drawCell([, kind, state, inbox, names], alert, hop, subject, items) {
  const words = [state, inbox].filter(Boolean).join(": ");
  const says = `${alert}, ${hop}: ${words}${names.length ? `; ${names.join(", ")}` : ""}`;
  const looks = [sign(kind), el("span", { class: "hidden" }, ` ${alert} ${hop}: ${inbox ? `${state}, ` : ""}`),
    el("span", { class: inbox ? "cell-words" : "cell-words state" }, inbox || state)];
  if (!names.length) return el("span", { class: `cell ${kind}`, title: says }, looks);
  const worst = names.find((name) => (items.get(name) || {}).kind === "unmet") || names[0];
  const address = names.length === 1 || kind === "unmet" ? { path: [subject.noun, worst], query: "" } : { path: [], query: write("alert", alert) };
  return el("a", { class: `cell ${kind}`, href: writeAddress(address), title: says },
    looks, names.length > 1 ? el("span", { class: "times", title: count(names.length, subject.noun) }, `×${names.length}`) : null);
}
