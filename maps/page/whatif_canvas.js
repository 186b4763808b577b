// What a what-if paints: circles of today and of the what-if, from rings in Leaflet's own projection.
(function () {
  /**
   * @param {Path2D} path
   * @param {Float64Array[]} rings
   * @param { {k: number, x: number, y: number} } at how projected metres become pixels
   */
  function trace(path, rings, { k, x, y }) {
    for (const ring of rings) {
      path.moveTo(ring[0] * k + x, y - ring[1] * k);
      for (let i = 2; i < ring.length; i += 2) path.lineTo(ring[i] * k + x, y - ring[i + 1] * k);
      path.closePath();
    }
    return path;
  }

  /** @typedef { {before: Float64Array[] | null, now: Float64Array[], rank: number} } Circle no `before` where nothing differs */

  /**
   * Add the canvas of a what-if to the map.
   * @param {L.Map} map
   * @param {PageStyle} style
   */
  br.makeWhatIfCanvas = function (map, style) {
    const pane = map.createPane("br-what-if");
    // Above all that was drawn before, and like ink on it: roads, borders and counties are read through it.
    Object.assign(pane.style, { zIndex: 410, mixBlendMode: "multiply" });
    pane.style.pointerEvents = "none";
    /** @type { {circles: Circle[]} } */
    const shown = { circles: [] };
    const canvas = new br.PaintedCanvas({ pane: "br-what-if", padding: 0.15, paint });
    const hatches = new Map();
    /**
     * @param {string} colour
     * @param {boolean} rising
     */
    function hatchOf(colour, rising) {
      const key = colour + rising;
      if (!hatches.has(key)) hatches.set(key, br.hatch(colour, rising));
      return hatches.get(key);
    }

    /**
     * @param {CanvasRenderingContext2D} pen
     * @param { {k: number, x: number, y: number, ratio: number} } at
     */
    function paint(pen, at) {
      const { ratio } = at;
      const drawn = shown.circles.map(({ before, now, rank }) => ({
        rank, now: trace(new Path2D(), now, at), before: before && trace(new Path2D(), before, at),
      }));
      // The largest circle first, each above the one around it.
      for (const { rank, now, before } of drawn.slice().reverse()) {
        pen.fillStyle = br.ranked(style.circleFills, rank);
        pen.globalAlpha = 0.8;
        pen.fill(before || now);
        pen.globalAlpha = 1;
        pen.strokeStyle = style.circleLine;
        pen.lineWidth = (before ? 0.8 : 1.4) * ratio;
        pen.setLineDash([]);
        pen.stroke(before || now);
      }
      for (const { rank, now, before } of drawn) {
        if (!before) continue;
        outside(pen, before, () => {
          pen.fillStyle = hatchOf(br.ranked(style.gainLines, rank), true);
          pen.fill(now);
        });
        outside(pen, now, () => {
          pen.fillStyle = hatchOf(style.changeLine, false);
          pen.fill(before);
        });
        pen.strokeStyle = style.scenarioLine;
        pen.lineWidth = 1.8 * ratio;
        pen.setLineDash([6 * ratio, 4 * ratio]);
        pen.stroke(now);
        pen.setLineDash([]);
      }
    }
    /**
     * @param {CanvasRenderingContext2D} pen
     * @param {Path2D} shape
     * @param {() => void} act
     */
    function outside(pen, shape, act) {
      const all = new Path2D();
      all.rect(0, 0, pen.canvas.width, pen.canvas.height);
      all.addPath(shape);
      pen.save();
      pen.clip(all, "evenodd");
      act();
      pen.restore();
    }
    return {
      /** @param {Circle[]} circles ascending */
      show(circles) {
        const moved = (/** @type {Float64Array[]} */ rings) => rings.map(br.datum.ringOnMap);
        shown.circles = circles.map((row) => ({ ...row, now: moved(row.now), before: row.before && moved(row.before) }));
        if (!map.hasLayer(canvas)) canvas.addTo(map);
        canvas.repaint();
      },
      hide() { canvas.remove(); },
    };
  };
})();
