// Signs of one size at any zoom: shapes besides the circle, drawn on the canvas, and the same in the legend.
(function () {
  // Corners in units of the radius; a disc has none.
  /** @type { {[shape: string]: [number, number][] | undefined} } */
  const SHAPES = {
    diamond: [[0, -1.15], [1.15, 0], [0, 1.15], [-1.15, 0]],
    square: [[-0.88, -0.88], [0.88, -0.88], [0.88, 0.88], [-0.88, 0.88]],
    pentagon: [[0, -1.1], [1.05, -0.34], [0.65, 0.89], [-0.65, 0.89], [-1.05, -0.34]],
    hexagon: [[-0.55, -0.95], [0.55, -0.95], [1.1, 0], [0.55, 0.95], [-0.55, 0.95], [-1.1, 0]],
    triangle: [[0, -1.1], [1.1, 0.85], [-1.1, 0.85]],
  };
  /** @type { {[verdict: string]: string} } */
  br.VERDICT_SHAPES = { holds: "disc", holds_with: "diamond", differs: "pentagon", undecided: "hexagon", fails: "square", not_checkable: "triangle" };

  // `shift` in pixels sets signs of one place side by side; `text` stands inside; `shrink` makes signs
  // smaller where much of a country is in view.
  br.Sign = L.CircleMarker.extend({
    _project() {
      this._point = this._map.latLngToLayerPoint(this._latlng).add(this.options.shift || [0, 0]);
      if (this.options.shrink) this._radius = this.options.radius * Math.min(1, Math.max(0.5, (this._map.getZoom() - 2) / 5));
      this._updateBounds();
    },
    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty()) return;
      const { x, y } = this._point;
      const radius = this._radius;
      const pen = renderer._ctx;
      const corners = SHAPES[this.options.shape];
      pen.beginPath();
      if (corners) corners.forEach(([dx, dy], i) => pen[i ? "lineTo" : "moveTo"](x + dx * radius, y + dy * radius));
      else pen.arc(x, y, radius, 0, 2 * Math.PI);
      pen.closePath();
      renderer._fillStroke(pen, this);
      if (!this.options.text) return;
      pen.globalAlpha = 1;
      pen.fillStyle = this.options.textColour || "#ffffff";
      pen.font = "bold " + Math.round(1.25 * radius) + "px sans-serif";
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText(this.options.text, x, y + (this.options.shape === "triangle" ? 0.25 * radius : 0.5));
    },
  });

  /**
   * @param {string} shape
   * @param {string} fill
   * @param {string} line
   */
  br.signSwatch = function (shape, fill, line) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    const corners = SHAPES[shape];
    const mark = document.createElementNS(space, corners ? "polygon" : "circle");
    const radius = 6;
    const values = corners ? { points: corners.map(([x, y]) => [8 + x * radius, 8 + y * radius].join(",")).join(" ") } : { cx: 8, cy: 8, r: radius };
    for (const [name, value] of Object.entries({ class: "br-sign", viewBox: "0 0 16 16", "aria-hidden": "true" })) svg.setAttribute(name, value);
    for (const [name, value] of Object.entries({ ...values, fill, stroke: line, "stroke-width": 1.2 })) mark.setAttribute(name, value);
    svg.append(mark);
    return svg;
  };
  /** @param {Change} row */
  br.changeMark = (row) => (row.closed ? "×" : row.afterKph < row.baseKph ? "−" : "+");
  /**
   * @param {Change} row
   * @param {Word} word
   */
  br.changeText = (row, word) => br.element("div", {}, br.element("strong", {}, row.name),
    br.element("div", {}, row.closed ? word("change_closed", { n: row.links, km: br.fixed(row.km, 1) })
      : word("change_speed", { n: row.links, km: br.fixed(row.km, 1), base: row.baseKph, after: row.afterKph })));
  /** @param {string} colour */
  const parts = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  /**
   * Dark text on light signs, white on dark ones.
   * @param {string} colour
   */
  br.inkOn = function (colour) {
    const [red, green, blue] = parts(colour);
    return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "#000000" : "#ffffff";
  };
})();
