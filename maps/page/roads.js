// Roads and railways of the network that the times come from, by class: a quiet ground to find one's way by.
(function () {
  // Width and least zoom by class; of those not named, as the last.
  const LOOKS = [
    { classes: /^(motorway|motorway_link)$/, width: 1.6, colour: "#8f8577", leastZoom: 0 },
    { classes: /^(trunk|trunk_link|primary|primary_link)$/, width: 1.1, colour: "#a59d90", leastZoom: 7 },
    { classes: /./, width: 0.8, colour: "#b5b0a6", leastZoom: 8 },
  ];
  const RAIL = { width: 1.5, colour: "#4d4d57", leastZoom: 0, rail: true };

  /** The page's network, unpacked once, when it's first asked for. */
  br.networkOf = function (data) {
    if (!data.whatIf.opened) Object.defineProperty(data.whatIf, "opened", { value: br.openNetwork(data.whatIf) });
    return data.whatIf.opened;
  };

  // Links of one look as one list of lines: x and y in turn, projected metres.
  function lines(net) {
    /** @type {Map<any, number[][]>} */
    const found = new Map([...LOOKS, RAIL].map((look) => [look, []]));
    for (let k = 0; k < net.tail.length; k += 1) {
      const [mode, name] = net.kinds[net.kind[k]];
      const [a, b] = [net.tail[k], net.head[k]];
      if (net.owners[2 * k] >= 0 || (mode !== "road" && mode !== "rail") || (net.x[a] === net.x[b] && net.y[a] === net.y[b])) continue;
      const drawn = found.get(mode === "rail" ? RAIL : LOOKS.find((each) => each.classes.test(name || "-"))) || [];
      const shape = net.shapes.get(k);
      if (!shape) {
        drawn.push([net.x[a], net.y[a], net.x[b], net.y[b]]);
        continue;
      }
      const line = [];
      for (let i = 0; i < shape.length; i += 2) line.push(br.ground.toX(shape[i]), br.ground.toY(shape[i + 1]));
      drawn.push(line);
    }
    return found;
  }

  br.addRoads = function (scene, map, data, word) {
    if (!data.whatIf) return;
    let known = null;
    let asked = false;
    let layer = null;
    // What was there first is drawn first; the network is unpacked afterwards.
    function later() {
      if (asked) return;
      asked = true;
      const unpack = () => {
        known = lines(br.networkOf(data));
        layer.repaint();
        scene.roadsReady = true;
      };
      const soon = () => ("requestIdleCallback" in window ? requestIdleCallback(unpack, { timeout: 1000 }) : setTimeout(unpack, 200));
      // Two frames after the page has loaded, all else is on the screen.
      const begin = () => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(soon)));
      if (document.readyState === "complete") begin();
      else window.addEventListener("load", begin);
    }
    function paint(pen, { k, x, y, ratio }) {
      if (!known) return later();
      const zoom = map.getZoom();
      const wide = ratio * Math.min(2, Math.max(0.7, 0.7 + (zoom - 6.5) * 0.22));
      // a whole country's lines lie close together: they step back
      pen.globalAlpha = Math.min(1, Math.max(0.3, 0.3 + (zoom - 4) * 0.3));
      for (const [look, list] of [...known].reverse()) {
        if (zoom < look.leastZoom || !list.length) continue;
        pen.beginPath();
        for (const line of list) {
          const at = line[0] * k + x, down = y - line[1] * k;
          const far = line[line.length - 2] * k + x, below = y - line[line.length - 1] * k;
          const [w, h] = [pen.canvas.width, pen.canvas.height];
          if ((at < 0 && far < 0) || (at > w && far > w) || (down < 0 && below < 0) || (down > h && below > h)) continue;
          pen.moveTo(at, down);
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
    scene.add("roads", br.ORDER.context, true, () => (layer = new br.PaintedCanvas({ pane: "br-roads", padding: 0.2, paint })));
    const border = new Set(data.counties.map((row) => row.adcode));
    for (const row of data.whatIf.counties) {
      if (!border.has(row.adcode)) scene.labels.add({ at: row.at, text: () => word.place(row.name), className: "br-town", rank: br.RANKS.town, owner: "county-names", leastZoom: 8 });
    }
  };
  br.roadSwatches = () => [LOOKS[0], LOOKS[2]].map((look) => br.lineSwatch({ color: look.colour, weight: look.width + 0.5 }));
  br.railSwatch = () => br.lineSwatch({ color: RAIL.colour, weight: 2, dashArray: "7 3" });
})();
