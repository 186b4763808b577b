// Where the edges of circles and zones run on the screen, so that no name is set across one.
(function () {
  const SCALE = 0.5; // pixels of the mask for one of the screen
  const BEYOND = 0.2; // of the screen, on each side: names stand ready there for when the map is dragged

  /**
   * @param {L.Map} map
   * @param {() => any[]} layersOf the polygons and lines whose edges count, as they are shown now
   */
  br.makeEdges = function (map, layersOf) {
    const canvas = document.createElement("canvas");
    const pen = br.penOf(canvas, { willReadFrequently: true });
    const edges = {};
    /** @type {Int32Array | null} */
    let sums = null; // how many pixels of edges lie above and left of each pixel
    let corner = [0, 0]; // pixels of the screen
    let width = 0;
    let height = 0;

    /** @param {any} layer */
    function trace(layer) {
      if (layer.eachLayer) return layer.eachLayer(trace);
      if (!layer._parts || layer.options.stroke === false) return;
      /** @type {L.Point[][]} */
      const parts = layer._parts;
      for (const part of parts) part.forEach(({ x, y }, i) => pen[i ? "lineTo" : "moveTo"](x, y));
    }
    // Drawn anew for each view; asked then for every name.
    edges.look = function () {
      sums = null;
      const layers = layersOf();
      if (!layers.length) return;
      const size = map.getSize();
      corner = [-size.x * BEYOND, -size.y * BEYOND];
      width = Math.ceil(size.x * (1 + 2 * BEYOND) * SCALE);
      height = Math.ceil(size.y * (1 + 2 * BEYOND) * SCALE);
      Object.assign(canvas, { width, height });
      const shift = map.layerPointToContainerPoint([0, 0]);
      pen.setTransform(SCALE, 0, 0, SCALE, (shift.x - corner[0]) * SCALE, (shift.y - corner[1]) * SCALE);
      pen.beginPath();
      layers.forEach(trace);
      pen.lineWidth = 2;
      pen.stroke();
      const pixels = new Uint32Array(pen.getImageData(0, 0, width, height).data.buffer);
      sums = new Int32Array((width + 1) * (height + 1));
      for (let y = 0; y < height; y += 1) {
        let row = 0;
        for (let x = 0; x < width; x += 1) {
          if (pixels[y * width + x]) row += 1;
          sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
        }
      }
    };
    /**
     * Whether a box of the screen (left, top, right, bottom) lies across an edge.
     * @param {number[]} box
     */
    edges.cross = function ([left, top, right, bottom]) {
      const counted = sums;
      if (!counted) return false;
      // Beyond what was looked at there may be one.
      if (left < corner[0] || top < corner[1] || (right - corner[0]) * SCALE > width || (bottom - corner[1]) * SCALE > height) return true;
      /**
       * @param {number} value
       * @param {number} most
       */
      const within = (value, most) => Math.max(0, Math.min(most, value));
      const [x1, x2] = [within(Math.floor((left - corner[0]) * SCALE), width), within(Math.ceil((right - corner[0]) * SCALE), width)];
      const [y1, y2] = [within(Math.floor((top - corner[1]) * SCALE), height), within(Math.ceil((bottom - corner[1]) * SCALE), height)];
      /**
       * @param {number} x
       * @param {number} y
       */
      const at = (x, y) => counted[y * (width + 1) + x];
      return at(x2, y2) - at(x1, y2) - at(x2, y1) + at(x1, y1) > 0;
    };
    return edges;
  };
})();
