// The ground that distances and areas are measured on: WGS 84, and Leaflet's own projection, in metres at the equator.
(function () {
  const A = 6378137;
  const E2 = 0.0066943799901413165;
  const E = Math.sqrt(E2);
  const RADIANS = Math.PI / 180;

  /**
   * Earth-centred metres of a place on the ellipsoid, as `geo.crs.to_ecef` has them.
   * @param {number} lon degrees
   * @param {number} lat degrees
   * @returns {[number, number, number]}
   */
  function xyz(lon, lat) {
    const sin = Math.sin(lat * RADIANS);
    const cos = Math.cos(lat * RADIANS);
    const normal = A / Math.sqrt(1 - E2 * sin * sin);
    return [normal * cos * Math.cos(lon * RADIANS), normal * cos * Math.sin(lon * RADIANS), normal * (1 - E2) * sin];
  }

  /**
   * Straight metres between two places in earth-centred coordinates.
   * @param {ArrayLike<number>} a
   * @param {ArrayLike<number>} b
   */
  const metres = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

  /** @param {number} lon degrees */
  const toX = (lon) => A * lon * RADIANS;
  /** @param {number} lat degrees */
  const toY = (lat) => A * Math.asinh(Math.tan(lat * RADIANS));
  /** @param {number} x */
  const toLon = (x) => x / A / RADIANS;
  /** @param {number} y */
  const toLat = (y) => Math.atan(Math.sinh(y / A)) / RADIANS;

  /**
   * Projected metres for one on the ground, the mean of all directions.
   * @param {number} lat degrees
   */
  function scale(lat) {
    const sin = Math.sin(lat * RADIANS);
    const w = 1 - E2 * sin * sin;
    return Math.sqrt((w * w) / (1 - E2)) / Math.cos(lat * RADIANS);
  }

  /**
   * Square metres between the equator and a projected y, for each projected metre in x: what areas are added up from.
   * @param {number} y
   */
  function below(y) {
    const sin = Math.tanh(y / A);
    const es = E * sin;
    return (A / 2) * (1 - E2) * (sin / (1 - es * es) + Math.log((1 + es) / (1 - es)) / (2 * E));
  }

  /**
   * Square kilometres on the ground inside rings in projected metres; holes run the other way round.
   * @param {Float64Array[]} rings x and y in turn, not closed
   */
  function km2(rings) {
    let total = 0;
    for (const ring of rings) {
      let x = ring[ring.length - 2];
      let w = below(ring[ring.length - 1]);
      for (let i = 0; i < ring.length; i += 2) {
        const next = below(ring[i + 1]);
        total -= ((ring[i] - x) * (w + next)) / 2;
        x = ring[i];
        w = next;
      }
    }
    return total / 1e6;
  }

  br.ground = { xyz, metres, toX, toY, toLon, toLat, scale, km2 };
})();
