// The verdict in a sentence, why to believe it, and what changed since the runs before.
import { writeAddress } from "./address.js";
import { el } from "./elements.js";
import { count, sign } from "./words.js";

const CHANGES = { failed: ["unmet", "new failure"], shrank: ["unobserved", "margin shrank"], later: ["unobserved", "later page"], fixed: ["met", "fixed"] };

const WORDS = { now: "held now", waiting: "to come" };

export function renderHead({ head }) {
  const doubts = head.doubts.length
    ? el("div", { class: "doubts" }, el("strong", {}, "Why the clock is doubted"), el("ul", {}, head.doubts.map((doubt) => el("li", {}, doubt))))
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

export function sayCounts(drills) {
  const kinds = ["unmet", "unobserved", "met", "now", "over", "waiting"].map((kind) => [kind, drills.filter((drill) => drill.kind === kind).length]);
  return kinds.filter(([, number]) => number).map(([kind, number]) => `${number} ${WORDS[kind] || kind}`).join(", ") || count(0, "drill");
}
