// Colours of the style sheet for what is painted, and the plots that are painted anew when those change.

const painted = new Set();

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

// Paint when the element is first seen, and again for another width, another scheme, or paper.
export function paintWhenSeen(element, paint) {
  const one = { element, paint, isSeen: false };
  painted.add(one);
  seen.observe(element);
  element.paintNow = () => { one.isSeen = true; paint(); };
}

// Let go of what is no longer in the page; one that grows draws its parts anew each second, for hours.
export function forgetRemoved() {
  for (const one of painted) {
    if (one.element.isConnected) continue;
    painted.delete(one);
    seen.unobserve(one.element);
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    seen.unobserve(entry.target);
    for (const one of painted) if (one.element === entry.target && !one.isSeen) entry.target.paintNow();
  }
}, { rootMargin: "300px" });

export function repaint(all) {
  for (const one of painted) {
    if (!one.element.isConnected) painted.delete(one);
    else if (one.isSeen || (all && one.element.checkVisibility())) { one.isSeen = true; one.paint(); }
  }
}

addEventListener("resize", () => repaint(false));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => repaint(false));
matchMedia("print").addEventListener("change", () => repaint(true));
