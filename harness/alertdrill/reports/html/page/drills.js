// The drills of a run, as the list shows and finds them.
import { drawDrill, drawHops } from "./drill.js";
import { el } from "./elements.js";

export const DRILLS = {
  noun: "drill", section: "drills", part: "drills", title: "Drills", example: "outcome:unmet slow",
  keys: ["system", "alert", "receiver", "outcome", "label", "scenario"],
  chips: ["outcome", "system", "receiver", "scenario"],
  groups: [["unmet", "not met"], ["unobserved", "not fully seen"], ["now", "held now"], ["over", "over, and not judged yet"], ["waiting", "to come"], ["met", "met"]],
  words: { unmet: "unmet", unobserved: "unobserved", met: "met", now: "held now", over: "over", waiting: "to come" },
  matrix: { title: "Alerts, hop by hop", says: (counts) => `By this run alone: ${counts}. A cell leads to its drill.` },
  nameAlerts: (drills) => drills.flatMap((drill) => drill.findings.map((finding) => finding.alert)),
  isHidden: (data) => Boolean(data.live?.endless), // a stack that stands has none
  describe, sumUp, draw: drawDrill,
};

// What a drill can be found by.
function describe(drill) {
  const values = { system: new Set([drill.system]), outcome: new Set([drill.kind]) };
  for (const key of ["alert", "receiver", "label", "scenario"]) values[key] = new Set();
  const words = [drill.name, drill.system, drill.why];
  for (const finding of drill.findings) {
    values.alert.add(finding.alert);
    values.outcome.add(finding.outcome);
    finding.receivers.forEach((receiver) => values.receiver.add(receiver));
    Object.entries(finding.labels).forEach(([name, value]) => values.label.add(`${name}=${value}`));
    words.push(finding.selector, finding.expected, ...finding.evidence, ...finding.receivers);
  }
  drill.sent.forEach((profile) => values.scenario.add(profile.scenario));
  return { values, text: words.join("\n").toLowerCase() };
}

function sumUp(drill) {
  const [first] = drill.findings;
  const stopped = drill.findings.map((finding) => finding.stopped).find(Boolean) || drill.doubt;
  return [el("span", { class: "muted" }, first ? first.selector : drill.system),
    stopped ? el("span", { class: "why" }, stopped) : first && first.hops.length ? drawHops(first.hops) : el("span", { class: "hops muted" }, first ? first.evidence[0] || "" : "nothing fired")];
}
