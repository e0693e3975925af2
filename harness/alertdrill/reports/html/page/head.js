// The verdict in a sentence, why to believe it, and what changed since the runs before.
import { writeAddress } from "./address.js";
import { el } from "./elements.js";
import { sign } from "./words.js";

const CHANGES = { failed: ["unmet", "new failure"], shrank: ["unobserved", "margin shrank"], later: ["unobserved", "later page"], fixed: ["met", "fixed"] };

export function renderHead({ head }) {
  const doubts = head.doubts.length
    ? el("div", { class: "doubts" }, el("strong", {}, head.doubted), el("ul", {}, head.doubts.map((doubt) => el("li", {}, doubt))))
    : null;
  return [
    el("h1", { class: head.kind }, sign(head.kind), el("span", {}, head.outcome)),
    doubts,
    head.believed.map((reason) => el("p", { class: "believed" }, reason)),
    el("p", { class: "muted small" }, head.facts.concat(head.engines).join(" · ")),
  ];
}

export function renderChanges({ changes }) {
  if (!changes.length) return [];
  return [
    el("h2", {}, "What changed since the last run"),
    el("ul", { class: "changes" }, changes.map((change) => {
      const [kind, words] = CHANGES[change.kind];
      return el("li", {}, sign(kind), el("strong", {}, ` ${words} `),
        el("a", { href: writeAddress({ path: ["drill", change.drill], query: "" }) }, change.drill), ` ${change.says}`);
    })),
  ];
}
