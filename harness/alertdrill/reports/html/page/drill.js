// A drill's own section: where it stopped, what was sent, what its alerts did, who was told, how to repeat it.
import { writeAddress } from "./address.js";
import { paintWhenSeen } from "./colours.js";
import { unpack } from "./curves.js";
import { el } from "./elements.js";
import { drawLanes } from "./lanes.js";
import { drawIncident } from "./pages.js";
import { plot } from "./plots.js";
import { drawSent } from "./sent.js";
import { clock, kindOf, sign } from "./words.js";

export function drawDrill(drill, data) {
  const starts = drill.from === null ? " Times count from the start of the run." : ` Starts at ${clock(drill.from)}; times count from there.`;
  const stops = drill.findings.filter((finding) => finding.stopped);
  return [
    stops.map((finding) => el("p", { class: `stopped ${kindOf(finding.outcome)}` }, `${finding.selector}: ${finding.stopped}`)),
    drill.doubt ? el("p", { class: "stopped unobserved" }, `Nobody can tell: ${drill.doubt}`) : null,
    el("p", {}, drill.why, el("span", { class: "muted" }, starts)),
    drill.findings.length ? drill.findings.map((finding) => drawFinding(finding, drill, data))
      : el("p", {}, "Expected: nothing fires. Seen: nothing fired."),
    drawSent(drill),
    drill.commands.length ? [el("h4", {}, "To repeat it"), el("dl", { class: "facts" }, drill.commands.map(([what, command]) => [el("dt", {}, what), el("dd", {}, el("code", {}, command))]))] : null,
    el("p", { class: "small" }, el("a", { href: writeAddress({ path: ["drill", drill.name], query: "" }) }, "Link to this drill")),
  ];
}

function drawFinding(finding, drill, data) {
  const alert = data.alerts.find((one) => one.name === finding.alert);
  const row = (name, value) => value && value.length ? [el("dt", {}, name), el("dd", {}, value)] : [];
  const list = (lines) => lines.length ? lines.map((line) => el("div", {}, line)) : null;
  const shown = data.pages.incidents.filter((incident) => finding.incidents.includes(incident.id));
  return el("section", { class: "finding" },
    el("h4", {}, sign(kindOf(finding.outcome)), " ", finding.outcome, " ",
      el("a", { href: writeAddress({ path: ["alert", finding.alert], query: "" }) }, el("code", {}, finding.selector))),
    el("dl", { class: "facts" },
      row("expected", [finding.expected, ...finding.deliveries.map((line) => el("div", { class: "small" }, line))]),
      row("seen", list(finding.evidence)),
      row("hops", finding.hops.length ? drawHops(finding.hops) : null),
      row("live and replay", finding.replay),
      row("suppressed", list(finding.held)),
      row("Alertmanager", list(finding.steps)),
      row("notified", finding.told)),
    alert && drill.from !== null ? drawFigure(finding, drill, alert) : null,
    shown.length ? [el("h4", {}, "What its receivers were shown"), shown.map((incident) => drawIncident(incident, data.live, drill.name))] : null);
}

export function drawHops(hops) {
  return el("span", { class: "hops" }, hops.map(([name, at, delay]) => el("span", { class: "hop" }, el("span", { class: "muted" }, `${name} `), el("b", {}, clock(at)), delay ? el("span", { class: "delay" }, ` ${delay}`) : null)));
}

function drawFigure(finding, drill, alert) {
  const all = finding.series.map((number) => ({ ...alert.series[number], hue: number }));
  const own = all.filter((one) => isSeen(one, drill)); // in a replay each drill has label sets of its own
  return drawAlertFigure(alert, own, { from: drill.from, until: drill.until, origin: drill.from, lanes: [] });
}

function isSeen({ states, held, points }, { from, until }) {
  return [...states, ...held].some(([, start, end]) => start < until && end > from)
    || points && unpack(points, from, until)[1].some((value) => value !== null);
}

// The value against its threshold, and beneath it what each label set did, on one axis of time.
export function drawAlertFigure(alert, series, { from, until, origin, lanes }) {
  const curves = series.filter((one) => one.points).map((one) => ({ points: one.points, name: one.name, hue: one.hue }));
  const did = series.filter((one) => one.states.length || one.held.length).map((one) => ({
    title: one.name, hue: one.hue,
    bars: [...one.states.map(([kind, start, end]) => ({ kind, from: start, until: end, label: kind, hover: `${kind}, ${clock(start - origin)} to ${clock(end - origin)}` })),
      ...one.held.map(([kind, start, end, words]) => ({ kind: `held ${kind}`, from: start, until: end, label: kind, hover: words, row: 1 }))],
    marks: one.marks.map(([kind, at, hover]) => ({ kind, at, hover })),
  }));
  const place = el("div", { class: "lane-box", role: lanes.length ? "group" : "img", "aria-label": `What the label sets of ${alert.name} did over rule time` });
  paintWhenSeen(place, () => place.replaceChildren(drawLanes([...did, ...lanes], { from, until, origin, width: place.clientWidth })));
  return [
    alert.scale && curves.length ? plot({ curves, thresholds: alert.thresholds, low: alert.scale.low, high: alert.scale.high, log: alert.scale.log,
      from, until, origin, height: 190, says: `${alert.name} against its threshold ${alert.thresholds.map((one) => one.says).join(", ")}, over rule time` }) : null,
    place,
    el("ul", { class: "series" }, series.map((one) => el("li", { class: `dash-${Math.floor(one.hue / 6) % 3}`, "--hue": `var(--hue-${one.hue % 6})` }, el("code", {}, one.name)))),
    alert.remarks.length ? el("p", { class: "muted small" }, alert.remarks.join(" ")) : null,
  ];
}
