// Each alert: its values against its threshold, what its label sets did, its drills, and its rule as shipped.
import { writeAddress } from "./address.js";
import { drawAlertFigure } from "./drill.js";
import { el, fold } from "./elements.js";
import { clock, pairs } from "./words.js";

export function renderAlerts(data) {
  return [el("h2", {}, "Alerts"),
    el("ul", { class: "key" }, [["threshold", "threshold"], ["pending", "pending"], ["firing", "firing"], ["held silenced", "suppressed"], ["act", "traffic of a drill"]].map(([kind, words]) => el("li", {}, el("span", { class: `swatch ${kind}` }), words)),
      el("li", {}, "▼ paged"), el("li", {}, "▽ page closed")),
    data.alerts.map((alert) => fold({ class: "alert", "data-path": `alert/${alert.name}` },
      [el("b", {}, alert.name), " ", el("span", { class: "muted" }, alert.summary[0] || "")], () => drawAlert(alert, data)))];
}

function drawAlert(alert, data) {
  const series = alert.series.slice(0, alert.drawn).map((one, hue) => ({ ...one, hue }));
  const drills = data.drills.filter((drill) => drill.from !== null && drill.findings.some((finding) => finding.alert === alert.name));
  const lanes = drills.map((drill) => ({ title: drill.name, bars: [
    { kind: `drill-${drill.kind}`, from: drill.from, until: drill.until, hover: `${drill.name}, ${clock(drill.from)} to ${clock(drill.until)}`, href: writeAddress({ path: ["drill", drill.name], query: "" }) },
    ...drill.sent.map((profile) => {
      const lasts = profile.stages.reduce((sum, [lasted]) => sum + lasted, 0);
      return { kind: "act", from: drill.from + profile.from, until: drill.from + profile.from + lasts, label: profile.name, hover: `${profile.name} (${profile.scenario})` };
    })] }));
  const isIdle = !series.length && !drills.length;
  return [
    isIdle ? el("p", { class: "muted" }, "No drill of this run is about it, and nothing was seen of it.") : drawAlertFigure(alert, series, { from: 0, until: data.timeline.until, origin: 0, lanes }),
    alert.left_out ? el("p", { class: "muted small" }, `${alert.left_out} more label sets that came less near the threshold are left out.`) : null,
    alert.held.length ? el("details", {}, el("summary", {}, "What suppressed it"), el("ul", { class: "told" }, alert.held.map((line) => el("li", {}, line)),
      alert.held_more ? el("li", {}, `${alert.held_more} more are in timeline.json.`) : null)) : null,
    alert.rules.map((rule) => el("details", {}, el("summary", {}, `The rule as shipped, ${rule.source}`), pairs([["expr", el("pre", {}, rule.expr)], ...rule.rows]))),
  ];
}
