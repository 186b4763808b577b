// A canvas over the map that paints by itself, from coordinates in Leaflet's own projection.
(function () {
  const ORIGIN = Math.PI * 6378137;

  // It moves and zooms with the map as Leaflet's own does. `paint` gets the pen, and how projected metres become pixels:
  // x * k + at.x and at.y - y * k, with at.ratio pixels of the canvas for one of the page.
  br.PaintedCanvas = L.Renderer.extend({
    /** @param {any} options */
    initialize(options) {
      L.setOptions(this, options);
      L.stamp(this);
      this._layers = {};
    },
    _initContainer() {
      this._container = document.createElement("canvas");
      this._pen = br.penOf(this._container);
    },
    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      /** @type {any} */ (L.Renderer.prototype)._update.call(this);
      const { min } = this._bounds;
      const size = this._bounds.getSize();
      const ratio = window.devicePixelRatio > 1 ? 2 : 1;
      L.DomUtil.setPosition(this._container, min);
      if (this._container.width !== ratio * size.x || this._container.height !== ratio * size.y) {
        Object.assign(this._container, { width: ratio * size.x, height: ratio * size.y });
        Object.assign(this._container.style, { width: size.x + "px", height: size.y + "px" });
      }
      this.repaint();
    },
    _reset() {
      this._update();
      this._updateTransform(this._center, this._zoom);
    },
    _onZoomEnd() {},
    _destroyContainer() {
      this._container.remove();
      delete this._pen;
      delete this._container; // shown again, it is made anew
    },
    repaint() {
      if (!this._pen || !this._bounds) return;
      const ratio = window.devicePixelRatio > 1 ? 2 : 1;
      const pen = this._pen;
      pen.setTransform(1, 0, 0, 1, 0, 0);
      pen.clearRect(0, 0, this._container.width, this._container.height);
      const k = ratio * 256 * 2 ** this._map.getZoom() / (2 * ORIGIN);
      const corner = this._map.getPixelOrigin().add(this._bounds.min);
      const at = { k, x: ORIGIN * k - corner.x * ratio, y: ORIGIN * k - corner.y * ratio, ratio };
      this.options.paint(pen, at);
    },
  });
})();
