// Alerts as entries of a list: each has its tokens, a line, why it is not as it has to be, and the rest of it.
import { el } from "./elements.js";

// A subject of a report whose list is of alerts; `own` is what differs between them.
export function listAlerts(own) {
  return {
    noun: "alert", section: "alerts", part: "entries", title: "Alerts",
    nameAlerts: (entries) => entries.map((entry) => entry.name),
    isHidden: () => false,
    describe: (entry) => describe(entry, own.keys), sumUp, ...own,
  };
}

function describe(entry, keys) {
  const values = Object.fromEntries(keys.map((key) => [key, new Set(entry.tokens[key] || [])]));
  return { values, text: [...gather(entry)].join("\n").toLowerCase() };
}

function* gather(value) {
  if (typeof value === "string") yield value;
  else if (value && typeof value === "object") for (const inner of Object.values(value)) yield* gather(inner);
}

function sumUp(entry) {
  return [el("span", { class: "muted" }, entry.about),
    entry.why ? el("span", { class: "why" }, entry.why) : entry.line ? el("span", { class: "hops muted" }, entry.line) : null];
}
