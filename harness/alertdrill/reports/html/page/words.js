// The words that all parts of the page share.
import { el } from "./elements.js";

const SIGNS = { met: "✓", unmet: "✗", unobserved: "?", none: "–", now: "▶", over: "■", waiting: "·", running: "▶", warned: "!" };

// Rule time as a stopwatch shows it: m:ss, from an hour on h:mm:ss.
export function clock(seconds) {
  const all = Math.round(Math.abs(seconds));
  const rest = String(all % 60).padStart(2, "0"), minutes = Math.floor(all / 60) % 60, hours = Math.floor(all / 3600);
  const sign = seconds < 0 && all ? "-" : "";
  return hours ? `${sign}${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${sign}${minutes}:${rest}`;
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

export function sign(kind) {
  return el("span", { class: `sign ${kind}`, "aria-hidden": "true" }, SIGNS[kind] || "✗");
}

const STAGES = ["waiting", "now", "over"];

// met, unmet or unobserved, of the outcome of a drill or of one expectation; while a run goes on, its stage.
export function kindOf(outcome) {
  if (STAGES.includes(outcome)) return outcome;
  return outcome === "met" || outcome === "unobserved" ? outcome : outcome.startsWith("would be") ? "unobserved" : "unmet";
}

export function number(value) {
  if (value === null || value === undefined) return "no value";
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : value > 0 ? "+Inf" : "-Inf";
}

export function pairs(rows) {
  return el("dl", { class: "facts" }, rows.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}
