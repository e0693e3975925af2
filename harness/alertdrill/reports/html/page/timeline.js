// The whole run: a lane for each system with its drills, firing bands and pages; faults, stalls and the speed.
import { writeAddress } from "./address.js";
import { paintWhenSeen } from "./colours.js";
import { el } from "./elements.js";
import { drawLanes, LEFT, RIGHT, stackBars } from "./lanes.js";
import { clock } from "./words.js";

const MOST_ROWS = 12, MOST_FOCUSABLE = 40, SHORTEST = 30;

// How it is looked at stays while a run goes on; who sees all of it, sees all of it as it grows.
const view = { from: 0, until: 0 };
let all = 0;

export function renderTimeline({ timeline, drills, live }, { names: shown }) {
  if (view.until >= all) view.until = timeline.until;
  all = timeline.until;
  const place = el("div", { class: "run-lanes", tabindex: 0, role: "group",
    "aria-label": "The run over rule time. Arrow keys move, plus and minus zoom, 0 shows all; drills can be reached with Tab once few are in view." });
  const said = el("span", { class: "muted small", "aria-live": "polite" });
  const lanes = listLanes(timeline, drills, shown);
  const paint = () => {
    const held = document.activeElement && place.contains(document.activeElement) && document.activeElement.getAttribute("href");
    const inView = drills.filter((drill) => drill.from !== null && drill.from < view.until && drill.until > view.from);
    place.replaceChildren(drawLanes(lanes, { ...view, width: place.clientWidth, thin: true, focusable: inView.length <= MOST_FOCUSABLE }));
    if (held) [...place.querySelectorAll("a")].find((link) => link.getAttribute("href") === held)?.focus();
    said.textContent = `${clock(view.from)} to ${clock(view.until)}`;
  };
  const show = (from, until) => {
    const span = Math.min(timeline.until, Math.max(SHORTEST, until - from));
    view.from = Math.min(Math.max(0, from), timeline.until - span);
    view.until = view.from + span;
    paint();
  };
  const scale = (factor, middle = (view.from + view.until) / 2) => {
    const span = (view.until - view.from) * factor;
    show(middle - span * (middle - view.from) / (view.until - view.from), middle + span * (view.until - middle) / (view.until - view.from));
  };
  const move = (share) => show(view.from + share * (view.until - view.from), view.until + share * (view.until - view.from));
  place.addEventListener("keydown", (event) => {
    const act = { ArrowLeft: () => move(-0.2), ArrowRight: () => move(0.2), "+": () => scale(0.5), "=": () => scale(0.5),
      "-": () => scale(2), 0: () => show(0, timeline.until) }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  watchPointer(place, view, show);
  paintWhenSeen(place, paint);
  const button = (words, says, act) => el("button", { type: "button", "aria-label": says, onclick: act }, words);
  const kinds = live ? live.endless ? [] : [["waiting", "to come"], ["now", "held now"], ["over", "over"]] : ["met", "unmet", "unobserved"].map((kind) => [kind, kind]);
  return [
    el("h2", {}, "The run"),
    el("p", { class: "tools" }, button("+", "Zoom in", () => scale(0.5)), button("−", "Zoom out", () => scale(2)),
      button("‹", "Earlier", () => move(-0.5)), button("›", "Later", () => move(0.5)), button("All", "All of the run", () => show(0, timeline.until)), said),
    place,
    el("ul", { class: "key" }, kinds.map(([kind, words]) => el("li", {}, el("span", { class: `swatch drill-${kind}` }), `drill ${words}`)),
      el("li", {}, el("span", { class: "swatch firing" }), "firing"), el("li", {}, "▼ paged"), el("li", {}, "▽ page closed"),
      el("li", {}, el("span", { class: "swatch fault" }), "fault")),
  ];
}

function listLanes({ systems, firing, pages, stalls, appended, until, speed, now }, drills, shown) {
  const lanes = [];
  const names = [...new Set([...systems, ...drills.map((drill) => drill.system)])].filter(Boolean).sort();
  for (const system of names) {
    const bars = drills.filter((drill) => drill.system === system && drill.from !== null && (!shown || shown.has(drill.name))).map((drill) => ({
      kind: `drill-${drill.kind}`, from: drill.from, until: drill.until, label: drill.name,
      hover: `${drill.name}, ${drill.outcome}, ${clock(drill.from)} to ${clock(drill.until)}`,
      href: writeAddress({ path: ["drill", drill.name], query: "" }),
    }));
    if (shown && !bars.length) continue;
    const stacked = stackBars(bars, MOST_ROWS);
    const failed = stacked.filter((bar) => bar.kind === "drill-unmet").map((bar) => ({ kind: "failed", at: bar.from, row: bar.row, hover: bar.hover }));
    lanes.push({ title: system, bars: stacked, marks: failed });
    lanes.push({ bars: firing.filter((one) => one[0] === system).map(([, alert, from, end]) => ({ kind: "firing", from, until: end, hover: `${alert} firing, ${clock(from)} to ${clock(end)}` })),
      marks: pages.filter((one) => one[0] === system).map(([, alert, kind, at, receiver]) => ({ kind, at, row: 1, hover: `${alert} ${kind === "paged" ? "paged" : "page closed"}, ${receiver}` })) });
  }
  const faults = drills.filter((drill) => !shown || shown.has(drill.name)).flatMap((drill) => drill.faults.map(([from, end, words]) => ({ kind: "fault", from: drill.from + from, until: drill.from + end, hover: `${words} (${drill.name})` })));
  const broken = stalls.map(([part, from, end]) => ({ kind: "stall", from, until: end, hover: `${part} answered nothing, ${clock(from)} to ${clock(end)}` }));
  if (faults.length) lanes.push({ title: "faults", bars: stackBars(faults, 4) });
  if (broken.length) lanes.push({ title: "stalls", bars: stackBars(broken, 4) });
  lanes.push({ title: speed === 1 ? "rule time is wall time" : `speed ${Number(speed.toPrecision(4))}`, bars: [{ kind: "speed", from: 0, until: now === undefined ? until : now, hover: `speed ${speed}: so many seconds of rule time in a second` },
    ...appended.map(([from, end]) => ({ kind: "appended", from, until: end, hover: "appended: nothing was measured, a quiet tail" }))] });
  return lanes;
}

// Drag over the lanes to look closer; a press that goes nowhere is a click, on a drill or on nothing.
function watchPointer(place, view, show) {
  let start = null;
  const stop = (click) => click.preventDefault();
  const veil = el("div", { class: "veil", hidden: true });
  const at = (event) => {
    const box = place.getBoundingClientRect(), inner = box.width - LEFT - RIGHT;
    return view.from + Math.min(1, Math.max(0, (event.clientX - box.left - LEFT) / inner)) * (view.until - view.from);
  };
  place.addEventListener("pointerdown", (event) => {
    if (event.button || event.pointerType === "touch") return;
    start = { x: event.clientX, at: at(event) };
    event.preventDefault();
    place.focus({ preventScroll: true });
  });
  addEventListener("pointermove", (event) => {
    if (!start || Math.abs(event.clientX - start.x) < 4) return;
    place.append(veil);
    veil.hidden = false;
    const left = place.getBoundingClientRect().left;
    veil.style.left = `${Math.min(start.x, event.clientX) - left}px`;
    veil.style.width = `${Math.abs(event.clientX - start.x)}px`;
  });
  addEventListener("pointerup", (event) => {
    if (!start) return;
    const [from, until] = [start.at, at(event)].sort((one, other) => one - other), moved = !veil.hidden;
    start = null;
    veil.hidden = true;
    if (!moved) return;
    addEventListener("click", stop, { capture: true });
    setTimeout(() => {
      removeEventListener("click", stop, { capture: true });
      show(from, until);
    });
  });
  place.addEventListener("dblclick", () => show(0, Infinity));
}
