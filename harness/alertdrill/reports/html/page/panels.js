// What the systems' dashboards showed: a fold for each system, a small chart for each panel.
import { writeAddress } from "./address.js";
import { el, fold } from "./elements.js";
import { plot } from "./plots.js";

export function renderDashboards(data) {
  if (!data.dashboards.length) return [];
  return [el("h2", {}, "Dashboards"),
    el("p", { class: "muted small" }, "Every panel's own queries, asked of Prometheus over the whole run. The dashed line is the threshold of the alert that the panel is about."),
    data.dashboards.map((dashboard) => fold({ class: "dashboard", "data-path": `panel/${dashboard.system}` }, [el("b", {}, dashboard.title), " ", el("span", { class: "muted" }, dashboard.system)],
      () => dashboard.rows.map((row) => [el("h3", {}, row.title), el("div", { class: "panels" }, row.panels.map((panel) => drawPanel(panel, dashboard, data)))])))];
}

function drawPanel(panel, dashboard, data) {
  const curves = (panel.curves || []).map((curve, hue) => ({ ...curve, name: curve.says.split(": max ")[0], hue }));
  const spec = { curves, cells: panel.cells, ticks: panel.ticks, thresholds: panel.thresholds, stack: panel.stack, low: panel.low, high: panel.high,
    from: 0, until: data.timeline.until, left: 68, height: 160, says: `${panel.title} over rule time` };
  const path = ["panel", dashboard.system, panel.title];
  return el("figure", { class: "panel", "data-path": path.join("/"), tabindex: -1 },
    el("figcaption", {}, el("a", { href: writeAddress({ path, query: "" }) }, panel.title)),
    panel.curves || panel.cells ? plot(spec) : null,
    curves.length ? el("ul", { class: "series" }, curves.map((curve) => el("li", { class: `dash-${Math.floor(curve.hue / 6) % 3}`, "--hue": `var(--hue-${curve.hue % 6})` }, curve.says))) : null,
    panel.alert ? el("p", { class: "small" }, data.alerts.some((alert) => alert.name === panel.alert)
      ? el("a", { href: writeAddress({ path: ["alert", panel.alert], query: "" }) }, el("code", {}, panel.alert)) : el("code", {}, panel.alert)) : null,
    panel.remarks.map((remark) => el("p", { class: "muted small" }, remark)));
}
