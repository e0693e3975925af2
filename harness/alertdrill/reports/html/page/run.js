// What else is known of the run: engines, how well it kept time, how replay and run agree, and the logs.
import { el } from "./elements.js";
import { pairs } from "./words.js";

export function renderRun({ facts, logs }, title) {
  return [el("h2", {}, title), pairs(facts),
    logs.length ? [el("h2", {}, "Logs"), el("ul", { class: "logs" }, logs.map((log) => el("li", {}, el("a", { href: log.split("/").map(encodeURIComponent).join("/") }, log))))] : null];
}
