// How far a run is that goes on: what is left, its parts, what it sends, and the alerts of now.
import { el } from "./elements.js";
import { clock } from "./words.js";

const STATES = { inactive: "○", pending: "◌", firing: "●" };
const PARTS = { starting: "◌", up: "●", stopped: "○", failed: "✗" };

export function renderLive({ live, lost }) {
  if (!live) return [];
  return [
    lost ? el("p", { class: "doubts", role: "status" }, lost) : null,
    live.endless ? el("p", {}, `${clock(live.now)} of rule time since it stands`) : drawProgress(live),
    live.message ? el("p", { class: "muted" }, live.message) : null,
    el("p", { class: "small" }, live.parts.map(([name, status]) => el("span", { class: `stack-part ${status}` },
      el("span", { "aria-hidden": "true" }, PARTS[status]), ` ${name}`, status === "up" ? el("span", { class: "hidden" }, " is up") : ` ${status}`))),
    live.traffic.length ? el("p", { class: "small" }, el("span", { class: "muted" }, "sending "), live.traffic.map(([name, scenario, rate]) => el("span", { class: "stack-part" }, `${name} `, el("span", { class: "muted" }, `${scenario} ${rate}/s`)))) : null,
    live.alerts.length ? el("div", { class: "scroll", role: "region", "aria-label": "Alerts now", tabindex: 0 }, el("table", { class: "now" },
      el("thead", {}, el("tr", {}, ["alert", "state", "page"].map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, live.alerts.map(drawAlert)))) : null,
  ];
}

function drawProgress({ share, now, until, wall, left }) {
  const percent = Math.round(100 * share);
  return [
    el("div", { class: "progress", role: "progressbar", "aria-label": "How far the run is", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": percent,
      "aria-valuetext": `${percent}%, ${clock(left)} left` }, el("div", { "--share": `${100 * share}%` })),
    el("p", { class: "progress-words" }, el("span", {}, `${clock(now)} of ${clock(until)} of rule time`), el("span", { class: "muted" }, `wall time: ${clock(wall)} gone, `, el("strong", {}, `${clock(left)} left`))),
  ];
}

function drawAlert({ alert, labels, state, since, paged, closed, receiver }) {
  const page = closed !== null ? `closed ${clock(closed)}` : paged !== null ? `paged ${clock(paged)}` : "";
  return el("tr", { class: `is-${state}` }, el("th", { scope: "row" }, alert, " ", el("span", { class: "muted" }, labels)),
    el("td", {}, el("span", { "aria-hidden": "true" }, `${STATES[state]} `), state, since !== null && state !== "inactive" ? ` ${clock(since)}` : ""),
    el("td", {}, page ? [page, el("span", { class: "muted" }, ` → ${receiver}`)] : el("span", { class: "muted" }, "–")));
}

// Follow a run that goes on: what is new of it, until it is over or does not answer.
export function follow(version, apply) {
  const source = new EventSource(`events?after=${version}`);
  let last = new Date();
  const say = (lost) => apply({ data: { lost } });
  const when = () => `This is what was known at ${last.toLocaleTimeString("en-GB")}.`;
  source.onmessage = (event) => {
    last = new Date();
    apply({ data: { ...JSON.parse(event.data).data, lost: "" } });
  };
  source.addEventListener("over", () => {
    source.close();
    say(`The run has ended without a verdict; the terminal says why. ${when()}`);
  });
  source.onerror = () => say(`The run does not answer any more. ${when()}`);
}
