// How shapes are drawn: their place in the stack, patterns, areas, lines, points and signs.
(function () {
  br.ORDER = {
    context: 0, provinces: 1, circles: 3, gained: 4, roadCircles: 4.5, zones: 5, counties: 6, outlines: 7,
    borders: 8, selected: 9, corridors: 10, stops: 11, crossings: 12, junctions: 13, centres: 14, claims: 15,
  };
  br.COLUMNS = { compare: ["base", "after", "gained"], base: ["base"], after: ["after"], split: ["base", "after"] };
  br.SIDES = { base: "before", after: "after", gained: "after" };

  br.hatch = hatch;
  /**
   * @param {string} colour
   * @param {boolean} rising
   */
  function hatch(colour, rising) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = br.penOf(tile);
    pen.strokeStyle = colour;
    pen.lineWidth = 1.7;
    pen.beginPath();
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift, rising ? 8 : 0);
      pen.lineTo(shift + 8, rising ? 0 : 8);
    }
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  /**
   * Dots leave the colour of what lies below as the legend shows it.
   * @param {string} colour
   */
  function dots(colour) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 7;
    const pen = br.penOf(tile);
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(3.5, 3.5, 1.1, 0, 2 * Math.PI);
    pen.fill();
    return pen.createPattern(tile, "repeat");
  }

  br.ranked = (list, rank) => list[Math.min(rank, list.length - 1)];

  br.makeDrawing = function (data) {
    /**
     * @template {object} T
     * @param {T} options
     */
    const fixed = (options) => Object.assign({ interactive: false, smoothFactor: 0.6 }, options);
    /** @param {L.TooltipOptions} [options] */
    const tip = (options) => Object.assign({ className: "br-tooltip", opacity: 1 }, options);
    return {
      hatch, dots, fixed,
      area: (packed, options) => L.polygon(br.unpackPolygons(packed, data.quantum), /** @type {L.PolylineOptions} */ (options)),
      reachArea: (packed, options) => L.polygon(br.unpackPolygons(packed, data.reachQuantum), /** @type {L.PolylineOptions} */ (options)),
      reachLine: (packed, options) => L.polyline(br.unpackLines(packed, data.reachQuantum), /** @type {L.PolylineOptions} */ (options)),
      // What is told of a line or an area moves along with the pointer.
      sticky: tip({ sticky: true }),
      point: (at, radius, fill, line, text) =>
        L.circleMarker(at, { radius, weight: 2, color: line, fillColor: fill, fillOpacity: 1 })
          .bindTooltip(() => br.element("div", {}, text()), tip()),
      sign: (at, radius, shape, fill, options, text) =>
        new br.Sign(at, Object.assign({ radius, shape, weight: 1.3, color: "#333333", fillColor: fill, fillOpacity: 1 }, options))
          .bindTooltip(() => br.element("div", {}, text()), tip()),
    };
  };
})();
