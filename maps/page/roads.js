// Roads and railways of the network that the times come from, by class: a quiet ground to find one's way by.
(function () {
  // Width and least zoom by class; of those not named, as the last.
  const LOOKS = [
    { classes: /^(motorway|motorway_link)$/, width: 1.6, colour: "#8f8577", leastZoom: 0 },
    { classes: /^(trunk|trunk_link|primary|primary_link)$/, width: 1.1, colour: "#a59d90", leastZoom: 7 },
    { classes: /./, width: 0.8, colour: "#b5b0a6", leastZoom: 8 },
  ];
  const RAIL = { width: 1.5, colour: "#4d4d57", leastZoom: 0, rail: true };

  // The page's network, unpacked once, when it's first asked for.
  br.networkOf = function ({ whatIf }) {
    const { opened = br.openNetwork(whatIf) } = whatIf;
    if (!whatIf.opened) Object.defineProperty(whatIf, "opened", { value: opened });
    return opened;
  };

  /**
   * @typedef {object} Look
   * @property {RegExp} [classes]
   * @property {number} width
   * @property {string} colour
   * @property {number} leastZoom
   * @property {boolean} [rail]
   */
  /** @typedef { {line: Float64Array, look: Look, since: number, before: Look | null} } Way `before` its year, as what it was drawn, if it was there */

  /**
   * Links as lines: x and y in turn, projected metres.
   * @param {Network} net
   * @param {string} railways of today, where the network has no trains
   */
  function waysOf(net, railways) {
    /** @type {Way[]} */
    const ways = br.unpackRailways(railways, net.quantum).map(({ line, since }) => ({
      line: br.datum.ringOnMap(line.map((value, i) => (i % 2 ? br.ground.toY(value) : br.ground.toX(value)))), look: RAIL, since, before: null,
    }));
    for (let k = 0; k < net.tail.length; k += 1) {
      const [mode, name] = net.kinds[net.kind[k]];
      const [a, b] = [net.tail[k], net.head[k]];
      if (net.owners[2 * k] >= 0 || net.ridesPast.has(k) || (mode !== "road" && mode !== "rail") || net.place[a] === net.place[b]) continue;
      const look = mode === "rail" ? RAIL : LOOKS.find((each) => each.classes.test(name || "-")) || LOOKS[2];
      const shape = net.shapes.get(k);
      const line = shape ? shape.map((value, i) => (i % 2 ? br.ground.toY(value) : br.ground.toX(value)))
        : Float64Array.of(net.x[a], net.y[a], net.x[b], net.y[b]);
      const code = net.since ? net.since[k] : 0;
      ways.push({ line: br.datum.ringOnMap(line), look, since: code >> 1, before: code & 1 ? (mode === "rail" ? RAIL : LOOKS[2]) : null });
    }
    return ways;
  }
  /**
   * Lines of one look each, as they were by the end of a year of the panel.
   * @param {Way[]} ways
   * @param {number} at its position; from that of today on, as they are now
   */
  function linesOf(ways, at) {
    /** @type {Map<Look, Float64Array[]>} */
    const found = new Map([...LOOKS, RAIL].map((look) => [look, []]));
    for (const { line, look, since, before } of ways) {
      const then = since <= at ? look : before;
      if (then) /** @type {Float64Array[]} */ (found.get(then)).push(line);
    }
    return found;
  }

  /**
   * @param {Scene} scene
   * @param {L.Map} map
   * @param {PageContent} data
   * @param {Word} word
   */
  br.addRoads = function (scene, map, data, word) {
    if (!data.whatIf) return;
    /** @type {Way[] | null} */
    let ways = null;
    /** @type { {at: number, lines: Map<Look, Float64Array[]>} } */
    let known = { at: NaN, lines: new Map() };
    let asked = false;
    /** @type {any} */
    let layer = null;
    // What was there first is drawn first; the network is unpacked afterwards.
    function later() {
      if (asked) return;
      asked = true;
      const unpack = () => {
        ways = waysOf(br.networkOf(/** @type { {whatIf: WhatIfContent} } */ (data)), /** @type {WhatIfContent} */ (data.whatIf).railways);
        layer.repaint();
        scene.roadsReady = true;
      };
      const soon = () => ("requestIdleCallback" in window ? requestIdleCallback(unpack, { timeout: 1000 }) : setTimeout(unpack, 200));
      // Two frames after the page has loaded, all else is on the screen.
      const begin = () => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(soon)));
      if (document.readyState === "complete") begin();
      else window.addEventListener("load", begin);
    }
    /**
     * @param {CanvasRenderingContext2D} pen
     * @param { {k: number, x: number, y: number, ratio: number} } at how projected metres become pixels
     */
    function paint(pen, { k, x, y, ratio }) {
      if (!ways) return later();
      const at = scene.years && scene.years.at !== null ? scene.years.at : Infinity;
      if (known.at !== at) known = { at, lines: linesOf(ways, at) };
      const zoom = map.getZoom();
      const wide = ratio * Math.min(2, Math.max(0.7, 0.7 + (zoom - 6.5) * 0.22));
      // a whole country's lines lie close together: they step back
      pen.globalAlpha = Math.min(1, Math.max(0.3, 0.3 + (zoom - 4) * 0.3));
      for (const [look, list] of [...known.lines].reverse()) {
        if (zoom < look.leastZoom || !list.length) continue;
        pen.beginPath();
        for (const line of list) {
          const from = line[0] * k + x, down = y - line[1] * k;
          const far = line[line.length - 2] * k + x, below = y - line[line.length - 1] * k;
          const [w, h] = [pen.canvas.width, pen.canvas.height];
          if ((from < 0 && far < 0) || (from > w && far > w) || (down < 0 && below < 0) || (down > h && below > h)) continue;
          pen.moveTo(from, down);
          for (let i = 2; i < line.length; i += 2) pen.lineTo(line[i] * k + x, y - line[i + 1] * k);
        }
        pen.strokeStyle = look.colour;
        pen.lineWidth = look.width * wide;
        pen.setLineDash(look.rail ? [7 * ratio, 3 * ratio] : []);
        pen.stroke();
      }
      pen.setLineDash([]);
      pen.globalAlpha = 1;
    }
    const pane = map.createPane("br-roads");
    Object.assign(pane.style, { zIndex: 402, pointerEvents: "none", mixBlendMode: "multiply", opacity: 0.75 });
    scene.repaintRoads = () => { if (ways) layer.repaint(); };
    scene.add("roads", br.ORDER.context, true, () => (layer = new br.PaintedCanvas({ pane: "br-roads", padding: 0.2, paint })));
    const border = new Set(data.counties.map((row) => row.adcode));
    for (const row of data.whatIf.counties) {
      if (!border.has(row.adcode)) scene.labels.add({ at: br.datum.onMap(row.at), text: () => word.label(row.name), className: "br-town", rank: br.RANKS.town, owner: "county-names", leastZoom: 8 });
    }
  };
  /**
   * What stands for roads in the legend, and for railways where the page draws any; and what it calls them.
   * @param {PageContent & {whatIf: WhatIfContent}} data
   * @param {Scene} scene
   * @param {Word} word
   * @returns {[SVGElement[], string]}
   */
  br.roadsInLegend = function (data, scene, word) {
    // lines of corridors have no class, but for their platforms
    const railways = data.whatIf.railways || data.whatIf.kinds.some((/** @type {[string, string]} */ [mode, name]) => mode === "rail" && name && name !== "platform");
    const road = br.lineSwatch({ color: LOOKS[0].colour, weight: LOOKS[0].width + 0.5 });
    const shown = scene.years?.year();
    const year = data.whatIf.since && data.years && shown && shown < data.years.today ? shown : 0;
    const text = railways ? word("roads") : word("roads_alone");
    return [
      railways ? [road, br.lineSwatch({ color: RAIL.colour, weight: 2, dashArray: "7 3" })] : [road],
      year ? word(railways ? "year_roads" : "year_expressways", { year }) : text,
    ];
  };
})();
