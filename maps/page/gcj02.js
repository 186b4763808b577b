// On a base map in GCJ-02: where a place of WGS 84 lies on it, by the rules of `geo/crs.py`, and which place lies there.
(function () {
  const A = 6378245;
  const E2 = 0.00669342162296594323;
  const { PI, abs, cos, sin, sqrt } = Math;
  const STEPS = 8; // of the way back: below a millimetre

  /**
   * Degrees that a place is shifted by.
   * @param {number} lat
   * @param {number} lon
   * @returns {Place}
   */
  function shift(lat, lon) {
    if (lon < 72.004 || lon > 137.8347 || lat < 0.8293 || lat > 55.8271) return [0, 0];
    const [x, y] = [lon - 105, lat - 35];
    const ripple = (20 * sin(6 * PI * x) + 20 * sin(2 * PI * x)) * 2 / 3;
    const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + ripple +
      (20 * sin(PI * y) + 40 * sin(PI * y / 3) + 160 * sin(PI * y / 12) + 320 * sin(PI * y / 30)) * 2 / 3;
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + ripple +
      (20 * sin(PI * x) + 40 * sin(PI * x / 3) + 150 * sin(PI * x / 12) + 300 * sin(PI * x / 30)) * 2 / 3;
    const phi = lat * PI / 180;
    const magic = 1 - E2 * sin(phi) ** 2;
    return [north * magic * sqrt(magic) / (A * (1 - E2)) * 180 / PI, east * sqrt(magic) / (A * cos(phi)) * 180 / PI];
  }

  /** @param {Place} at */
  function onMap([lat, lon]) {
    const [up, across] = shift(lat, lon);
    return /** @type {Place} */ ([lat + up, lon + across]);
  }
  /** @param {Place} at */
  function onGround([lat, lon]) {
    let [y, x] = [lat, lon];
    for (let i = 0; i < STEPS; i += 1) {
      const [up, across] = shift(y, x);
      [y, x] = [lat - up, lon - across];
    }
    return /** @type {Place} */ ([y, x]);
  }
  /**
   * A ring of x and y in turn, projected metres.
   * @param {Float64Array} ring
   */
  function ringOnMap(ring) {
    const moved = new Float64Array(ring.length);
    for (let i = 0; i < ring.length; i += 2) {
      const [lat, lon] = onMap([br.ground.toLat(ring[i + 1]), br.ground.toLon(ring[i])]);
      moved[i] = br.ground.toX(lon);
      moved[i + 1] = br.ground.toY(lat);
    }
    return moved;
  }
  br.datum = { onMap, onGround, ringOnMap };
})();
