// What a report has, by what it is of: which sections stand above its list and below it, and what the list is of.
import { renderAlerts } from "./alerts.js";
import { DRILLS } from "./drills.js";
import { GATED, renderOthers, renderTroubles } from "./gated.js";
import { renderChanges, renderHead } from "./head.js";
import { follow, renderLive } from "./live.js";
import { renderMatrix } from "./matrix.js";
import { followPager, renderAsk } from "./pager.js";
import { renderPages } from "./pages.js";
import { renderDashboards } from "./panels.js";
import { REHEARSED, renderCoverage } from "./rehearsed.js";
import { renderRun } from "./run.js";
import { renderTimeline } from "./timeline.js";

const held = (words) => (data) => renderRun(data, words);

// `links` stand after the section `top`; `searched` sections show only what is looked for. `sources` says which
// parts of the document a section is drawn of, where that is more than its own. What grows `follows` its server.
export const REPORTS = {
  run: {
    subject: DRILLS, top: "live", searched: ["matrix", "timeline"], follows: (data, apply) => data.live && follow(data.version, apply),
    above: { head: renderHead, live: renderLive, changes: renderChanges, matrix: renderMatrix, timeline: renderTimeline },
    below: { alerts: renderAlerts, pages: renderPages, dashboards: renderDashboards, run: held("How the run was held") },
    links: [["matrix", "Hops"], ["timeline", "The run"], ["drills", "Drills"], ["alerts", "Alerts"], ["pages", "Pages"], ["dashboards", "Dashboards"], ["run", "How it was held"]],
    sources: { matrix: ["matrix", "drills"], live: ["live", "lost"], timeline: ["timeline", "drills"], alerts: ["alerts", "drills"], pages: ["pages"], list: ["drills", "pages"], run: ["facts", "logs"] },
  },
  pager: {
    subject: DRILLS, top: "ask", searched: [], follows: followPager,
    above: { head: renderHead, ask: renderAsk },
    below: { pages: renderPages },
    links: [],
    sources: { list: ["drills"] },
  },
  page: {
    subject: REHEARSED, top: "head", searched: ["matrix"],
    above: { head: renderHead, matrix: renderMatrix },
    below: { coverage: renderCoverage, run: held("How they were sent") },
    links: [["matrix", "Hops"], ["alerts", "Alerts"], ["coverage", "The config"], ["run", "How they were sent"]],
    sources: { list: ["entries"], run: ["facts"] },
  },
  gate: {
    subject: GATED, top: "head", searched: ["matrix"],
    above: { head: renderHead, troubles: renderTroubles, matrix: renderMatrix },
    below: { others: renderOthers, run: held("What was compared") },
    links: [["troubles", "What is to be done"], ["matrix", "Touched alerts"], ["alerts", "Alerts"], ["others", "What else changed"], ["run", "What was compared"]],
    sources: { list: ["entries"], run: ["facts"] },
  },
};
