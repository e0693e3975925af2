// Draws the figures in the colours of the page, and again when those change: light, dark or paper.
(function () {
  "use strict";
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const config = { responsive: false, displaylogo: false, displayModeBar: "hover",
    modeBarButtons: [["zoomIn2d", "zoomOut2d", "resetScale2d", "toImage"]] };

  function paint(value, style) {
    if (Array.isArray(value)) return value.map((item) => paint(item, style));
    if (value === null || typeof value !== "object") return value;
    const painted = {};
    for (const [key, item] of Object.entries(value)) {
      const names = /color$/.test(key) && typeof item === "string" && item.startsWith("$");
      painted[key] = names ? style.getPropertyValue("--" + item.slice(1)).trim() : paint(item, style);
    }
    return painted;
  }

  function draw() {
    const style = getComputedStyle(document.documentElement);
    for (const [id, figure] of Object.entries(figures)) {
      const place = document.getElementById(id);
      const { data, layout } = paint(figure, style);
      layout.width = place.clientWidth;
      layout.dragmode = matchMedia("(pointer: coarse)").matches ? false : "zoom";
      Plotly.react(place, data, layout, config).catch(complain);
    }
    document.documentElement.dataset.drawn = "yes";
  }

  function complain(error) {
    const notice = document.getElementById("broken");
    notice.hidden = false;
    notice.textContent = "The plots could not be drawn: " + (error && error.message || error);
  }

  function redraw() {
    try { draw(); } catch (error) { complain(error); }
  }

  for (const query of ["(prefers-color-scheme: dark)", "print"]) matchMedia(query).addEventListener("change", redraw);
  addEventListener("resize", redraw);
  redraw();
})();
