// People in circles, counted as the package does: who lives inside an edge as it draws it, on straight pieces across cells.
(function () {
  const RADIUS = 6371000;

  /**
   * A place in the plane around another one, metres east and north, as `geo.plane` has it.
   * @param {[number, number]} centre latitude and longitude
   * @returns {(xyz: ArrayLike<number>) => [number, number]}
   */
  br.planeAround = function (centre) {
    const [phi, lam] = centre.map((degrees) => degrees * Math.PI / 180);
    const [ox, oy, oz] = br.ground.xyz(centre[1], centre[0]);
    const [sp, cp, sl, cl] = [Math.sin(phi), Math.cos(phi), Math.sin(lam), Math.cos(lam)];
    return (xyz) => {
      const dx = xyz[0] - ox, dy = xyz[1] - oy, dz = xyz[2] - oz;
      const east = cl * dy - sl * dx;
      const north = cp * dz - sp * (cl * dx + sl * dy);
      const flat = Math.hypot(east, north);
      const arc = 2 * RADIUS * Math.asin(Math.min(1, Math.hypot(dx, dy, dz) / (2 * RADIUS)));
      const scale = flat > 1e-6 ? arc / flat : 1;
      return [east * scale, north * scale];
    };
  };

  /**
   * Residents at the nodes inside a circle. Far from its edge the discs tell; near it, what is left of a disc that is
   * smaller than a cell of the package's grid decides, on the grid of each start.
   * @param {Scenario} scenario
   * @param {WhatIfContent} data
   * @param { {at: [number, number], time: Int32Array}[] } starts
   * @param {Int32Array} time from the nearest start
   * @param {number} cutoff ms
   * @param {Discs} discs of all starts
   * @param {number} cell metres
   * @param {Float64Array[]} rings the circle as it's drawn: along streets that may be left anywhere, this decides
   */
  br.peopleIn = function (scenario, data, starts, time, cutoff, discs, cell, rings) {
    const { net } = scenario;
    if (!discs.n) return 0;
    const pace = br.paceOf(data);
    const reach = data.reachKm * 1000;
    const lasting = cutoff - 1.5 * cell * pace; // whoever gets there by then has a disc that the grid can't miss
    const found = bucketsOf(discs);
    const planes = starts.map((one) => br.planeAround(one.at));
    let sum = 0;
    for (let i = 0; i < net.n; i += 1) {
      if (!net.people[i]) continue;
      if ((time[i] <= lasting && net.exit[i]) || inside(i)) sum += net.people[i];
    }
    return sum;

    /** @param {number} i node */
    function inside(i) {
      const sure = 1.5 * cell * net.scale[i];
      const [x, y] = [net.x[i], net.y[i]];
      const near = found.near(x, y);
      let best = -Infinity;
      for (const list of near) {
        for (let k = list; k >= 0; k = found.next[k]) {
          const dx = discs.x[k] - x, dy = discs.y[k] - y;
          const far = discs.r[k] - Math.sqrt(dx * dx + dy * dy);
          if (far > best && (best = far) >= sure) return true;
        }
      }
      if (net.along.size) return best > -sure && within(rings, x, y);
      return best > -sure && starts.some((start, at) => drawn(i, near, start, planes[at], 3 * sure));
    }

    /**
     * Between the values at the corners of its triangle of the grid.
     * @param {number} i node
     * @param {number[]} near lists of discs
     * @param { {at: [number, number], time: Int32Array} } start
     * @param {(xyz: ArrayLike<number>) => [number, number]} plane
     * @param {number} margin projected metres
     */
    function drawn(i, near, start, plane, margin) {
      const here = plane(net.xyz.subarray(3 * i, 3 * i + 3));
      const [a, b] = here.map((at) => Math.floor(at / cell));
      const [u, v] = [here[0] / cell - a, here[1] / cell - b];
      const corners = [[a, b], u >= v ? [a + 1, b] : [a, b + 1], [a + 1, b + 1]];
      const values = [-Infinity, -Infinity, -Infinity];
      for (const list of near) {
        for (let k = list; k >= 0; k = found.next[k]) {
          const dx = discs.x[k] - net.x[i], dy = discs.y[k] - net.y[i];
          if (dx * dx + dy * dy > (discs.r[k] + margin) ** 2) continue;
          const node = discs.node[k];
          const at = node < 0 ? 0 : start.time[node];
          if (at > cutoff) continue;
          const [x, y] = node < 0 ? [0, 0] : plane(node < net.n ? net.xyz.subarray(3 * node, 3 * node + 3) : scenario.extra[node - net.n].xyz);
          const r = Math.min(reach, (cutoff - at) / pace);
          corners.forEach((corner, c) => { values[c] = Math.max(values[c], r - Math.hypot(x - corner[0] * cell, y - corner[1] * cell)); });
        }
      }
      const [most, least] = u >= v ? [u, v] : [v, u];
      return values[0] + (values[1] - values[0]) * most + (values[2] - values[1]) * least >= 0;
    }
  };

  /**
   * @param {Float64Array[]} rings
   * @param {number} x
   * @param {number} y
   */
  function within(rings, x, y) {
    let inside = false;
    for (const ring of rings) {
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y !== ring[j + 1] > y && x < (ring[j] - ring[i]) * (y - ring[i + 1]) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
      }
    }
    return inside;
  }

  /**
   * Discs by the square of a grid that their middle lies in; those of nine squares may cover a place.
   * @param {Discs} discs
   */
  function bucketsOf(discs) {
    let side = 1;
    let west = Infinity, south = Infinity, east = -Infinity, north = -Infinity;
    for (let k = 0; k < discs.n; k += 1) {
      side = Math.max(side, discs.r[k]);
      west = Math.min(west, discs.x[k]);
      east = Math.max(east, discs.x[k]);
      south = Math.min(south, discs.y[k]);
      north = Math.max(north, discs.y[k]);
    }
    side *= 1.1; // and what lies a little beyond them
    const wide = Math.floor((east - west) / side) + 3;
    const high = Math.floor((north - south) / side) + 3;
    const first = new Int32Array(wide * high).fill(-1);
    const next = new Int32Array(discs.n);
    for (let k = 0; k < discs.n; k += 1) {
      const square = (Math.floor((discs.y[k] - south) / side) + 1) * wide + Math.floor((discs.x[k] - west) / side) + 1;
      next[k] = first[square];
      first[square] = k;
    }
    /**
     * The first disc of each of the squares around a place.
     * @param {number} x
     * @param {number} y
     */
    function near(x, y) {
      const a = Math.floor((x - west) / side) + 1, b = Math.floor((y - south) / side) + 1;
      const lists = [];
      for (let v = Math.max(0, b - 1); v <= Math.min(high - 1, b + 1); v += 1) {
        for (let u = Math.max(0, a - 1); u <= Math.min(wide - 1, a + 1); u += 1) if (first[v * wide + u] >= 0) lists.push(first[v * wide + u]);
      }
      return lists;
    }
    return { next, near };
  }
})();
