// Before and after side by side on one canvas: layers of either side are cut off at a line that moves.
(function () {
  const e = br.element;
  const STEP = 0.02;

  // `at` is the line's place as a share of the map's width.
  /**
   * @param {L.Map} map
   * @param {Word} word
   */
  br.makeSplit = function (map, word) {
    const split = /** @type {Split} */ ({ on: false, at: 0.5, moved: false, onmove: null });
    const size = () => map.getSize();
    const edge = () => map.containerPointToLayerPoint([split.at * size().x, 0]).x;

    /**
     * Draws and finds a layer on one side only, as long as the map is split.
     * @param {any} layer
     * @param {string | undefined} side
     */
    split.confine = function (layer, side) {
      if (layer.eachLayer) return layer.eachLayer((/** @type {any} */ each) => split.confine(each, side));
      if (!side || !layer._updatePath) return;
      const draw = layer._updatePath;
      const contains = layer._containsPoint;
      layer._updatePath = function () {
        if (!split.on || !this._renderer._drawing) return draw.call(this);
        split.clipped(this._renderer._ctx, side, () => draw.call(this));
      };
      /** @param {L.Point} point */
      layer._containsPoint = function (point) {
        const here = !split.on || (side === "before") === (point.x < edge());
        return here && contains.call(this, point);
      };
    };
    /**
     * @param {CanvasRenderingContext2D} pen
     * @param {string} side
     * @param {() => void} draw
     */
    split.clipped = function (pen, side, draw) {
      const far = 1e5;
      pen.save();
      pen.beginPath();
      pen.rect(side === "before" ? edge() - far : edge(), -far, far, 2 * far);
      pen.clip();
      draw();
      pen.restore();
    };
    /**
     * A point of the map that belongs to what comes after, and lies on the side of what was before.
     * @param {Place} latlng
     * @param {string | undefined} side
     */
    split.hides = (latlng, side) =>
      split.on && side === "after" && map.latLngToContainerPoint(latlng).x < split.at * size().x;

    const line = e("div", {
      className: "br-split", role: "slider", tabindex: "0", "aria-orientation": "horizontal",
      "aria-valuemin": "0", "aria-valuemax": "100",
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        /** @type { {[key: string]: number} } */
        const steps = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -5 * STEP, PageUp: 5 * STEP };
        const target = /** @type { {[key: string]: number | undefined} } */ ({ Home: 0, End: 1 })[event.key];
        if (target === undefined && !steps[event.key]) return;
        split.move(target === undefined ? split.at + steps[event.key] : target);
        event.preventDefault();
        event.stopPropagation();
      },
      onpointerdown: (/** @type {PointerEvent} */ event) => {
        line.setPointerCapture(event.pointerId);
        event.preventDefault();
        event.stopPropagation();
        line.focus();
      },
      onpointermove: (/** @type {PointerEvent} */ event) => {
        if (!line.hasPointerCapture(event.pointerId)) return;
        const box = map.getContainer().getBoundingClientRect();
        split.move((event.clientX - box.left) / box.width);
      },
    }, e("span", { className: "br-split-before" }), e("span", { className: "br-split-grip", "aria-hidden": "true" }, "⇔"),
      e("span", { className: "br-split-after" }));
    map.getContainer().append(line);
    L.DomEvent.disableClickPropagation(line);

    split.redraw = function () {
      /** @type {any} */
      const renderer = map.options.renderer; // with what Leaflet has of its own
      if (!renderer._ctx) return;
      renderer._redrawBounds = null;
      renderer._redraw();
    };
    /** @param {number} at */
    split.move = function (at) {
      split.at = Math.min(1, Math.max(0, at));
      split.moved = true;
      place();
      split.redraw();
      if (split.onmove) split.onmove();
    };
    /** @param {boolean} on */
    split.set = function (on) {
      split.on = on;
      place();
      split.redraw();
    };
    split.words = function () {
      line.setAttribute("aria-label", word("split_label"));
      br.find(line, ".br-split-before").textContent = word("base");
      br.find(line, ".br-split-after").textContent = word("after");
      place();
    };
    function place() {
      line.hidden = !split.on;
      line.style.left = 100 * split.at + "%";
      line.setAttribute("aria-valuenow", String(Math.round(100 * split.at)));
      line.setAttribute("aria-valuetext", word("split_value", { share: Math.round(100 * split.at) }));
    }
    map.on("move", () => { if (split.on) split.redraw(); });
    split.words();
    return split;
  };
})();
