// A small map in the corner: where the first view lies among everything around.
(function () {
  const HIGH = 92; // pixels
  const MOST = 0.3; // of all around: a first view that holds more needs no locator
  const LEAST_STEP = 0.6; // pixels between two points of an outline

  /** @param {Place[][]} rings */
  const outerOf = ([outer]) => outer;

  /**
   * @param {L.Map} map
   * @param {PageContent} data the page's content
   * @param {Word} word
   */
  br.makeLocator = function (map, data, word) {
    const locator = { words: () => {} };
    if (!data.context.length) return locator;
    /**
     * @param {NamedShape} row
     * @returns {Place[][]}
     */
    const unpack = (row) => br.unpackPolygons(row.shape, data.quantum).map(outerOf);
    const [around, own] = [data.context, data.provinces].map((rows) => rows.flatMap(unpack));
    const lines = br.unpackLines(data.nationalLines, data.quantum);
    const all = [...around, ...own, ...lines].flat();
    const [lats, lons] = [0, 1].map((i) => all.reduce(([least, most], at) => [Math.min(least, at[i]), Math.max(most, at[i])], [Infinity, -Infinity]));
    const [[south, west], [north, east]] = data.bounds;
    if ((north - south) * (east - west) > MOST * (lats[1] - lats[0]) * (lons[1] - lons[0])) return locator;
    const narrower = Math.cos(((lats[0] + lats[1]) / 2) * Math.PI / 180);
    const k = (HIGH - 4) / (lats[1] - lats[0]);
    const wide = Math.min(150, Math.ceil((lons[1] - lons[0]) * narrower * k) + 4);
    /** @param {number} lon */
    const x = (lon) => 2 + (lon - lons[0]) * (wide - 4) / (lons[1] - lons[0]);
    /** @param {number} lat */
    const y = (lat) => 2 + (lats[1] - lat) * k;

    const canvas = br.element("canvas", { role: "img", width: 2 * wide, height: 2 * HIGH, style: { width: wide + "px", height: HIGH + "px" } });
    const pen = br.penOf(canvas);
    pen.scale(2, 2);
    /** @param {Place[]} line */
    function trace(line) {
      /** @type {[number, number] | null} */
      let last = null;
      for (const [lat, lon] of line) {
        /** @type {[number, number]} */
        const here = [x(lon), y(lat)];
        if (last && Math.abs(here[0] - last[0]) + Math.abs(here[1] - last[1]) < LEAST_STEP) continue;
        pen[last ? "lineTo" : "moveTo"](...here);
        last = here;
      }
    }
    for (const [rings, fill] of /** @type {[Place[][], string][]} */ ([[around, data.style.land], [own, "#d8cfbd"]])) {
      pen.beginPath();
      for (const ring of rings) {
        trace(ring);
        pen.closePath();
      }
      Object.assign(pen, { fillStyle: fill, strokeStyle: data.style.provinceLine, lineWidth: 0.35 });
      pen.fill();
      pen.stroke();
    }
    pen.beginPath();
    lines.forEach(trace);
    Object.assign(pen, { strokeStyle: data.style.borderLine, lineWidth: 0.7 });
    pen.stroke();
    Object.assign(pen, { strokeStyle: data.style.scenarioLine, lineWidth: 1.5 });
    pen.strokeRect(x(west), y(north), Math.max(4, x(east) - x(west)), Math.max(4, y(south) - y(north)));

    const Holder = L.Control.extend({ onAdd: () => br.element("div", { className: "br-locator" }, canvas) });
    new Holder({ position: "bottomleft" }).addTo(map);
    locator.words = () => canvas.setAttribute("aria-label", word("locator"));
    return locator;
  };
})();
