// The edge of a union of discs: squares where there may be edge are halved, and discs that can't be the best in them dropped.
(function () {
  const BLOCK = 4; // cells along the side of the smallest square
  const TOP = 32; // and of the largest

  /**
   * Draw the edge of a union of discs, as `analysis.contours` does: where the largest of (radius less distance) is nought.
   * @param { {x: Float64Array, y: Float64Array, r: Float64Array, n: number} } discs projected metres
   * @param {number} cell side of the grid's cells, projected metres
   * @returns {Float64Array[]} rings, x and y in turn, not closed; holes run the other way round
   */
  br.edgeOf = function (discs, cell) {
    const { x: sx, y: sy, r: sr, n } = discs;
    if (!n) return [];
    let west = Infinity, south = Infinity, east = -Infinity, north = -Infinity;
    for (let k = 0; k < n; k += 1) {
      west = Math.min(west, sx[k] - sr[k]);
      east = Math.max(east, sx[k] + sr[k]);
      south = Math.min(south, sy[k] - sr[k]);
      north = Math.max(north, sy[k] + sr[k]);
    }
    // One grid for all circles, wherever they begin, so that what two have in common has one edge.
    const side = TOP * cell;
    const left = Math.floor(west / side - 0.5);
    const low = Math.floor(south / side - 0.5);
    const wide = Math.ceil(east / side + 0.5) - left;
    const high = Math.ceil(north / side + 0.5) - low;
    const x0 = left * side;
    const y0 = low * side;
    const columns = wide * TOP + 1;

    // Discs by the largest squares that they touch.
    const counts = new Int32Array(wide * high + 1);
    /**
     * @param {number} k
     * @param {(square: number) => void} act
     */
    const touched = (k, act) => {
      const a = Math.floor((sx[k] - sr[k] - x0) / side), b = Math.floor((sx[k] + sr[k] - x0) / side);
      const c = Math.floor((sy[k] - sr[k] - y0) / side), d = Math.floor((sy[k] + sr[k] - y0) / side);
      for (let j = c; j <= d; j += 1) for (let i = a; i <= b; i += 1) act(j * wide + i);
    };
    for (let k = 0; k < n; k += 1) touched(k, (square) => { counts[square + 1] += 1; });
    for (let q = 0; q < wide * high; q += 1) counts[q + 1] += counts[q];
    const lists = new Int32Array(counts[wide * high]);
    const place = counts.slice();
    for (let k = 0; k < n; k += 1) touched(k, (square) => { lists[place[square]++] = k; });

    /** @type { {at: Map<number, number>, x: number[], y: number[]} } */
    const points = { at: new Map(), x: [], y: [] };
    /** @type {Map<number, number>} */
    const onward = new Map();
    const value = new Float64Array((BLOCK + 1) * (BLOCK + 1));
    const distance = new Float64Array(n);
    let pool = new Int32Array(4 * n + 1024);

    /**
     * @param {number} i
     * @param {number} j
     * @param {number} size
     * @param {Int32Array} source discs
     * @param {number} from
     * @param {number} until
     * @param {number} top of the pool
     */
    function square(i, j, size, source, from, until, top) {
      const half = size * cell / 2;
      const cx = x0 + i * cell + half;
      const cy = y0 + j * cell + half;
      const h = half * Math.SQRT2;
      let best = -Infinity;
      for (let q = from; q < until; q += 1) {
        const k = source[q];
        const v = sr[k] - Math.sqrt((sx[k] - cx) * (sx[k] - cx) + (sy[k] - cy) * (sy[k] - cy));
        distance[k] = v;
        if (v > best) best = v;
      }
      if (best > h || best < -h) return; // inside or outside as a whole
      const least = Math.max(best - 2 * h, -h - 1.5 * cell); // an edge lies within a cell of what is inside
      if (pool.length < top + until - from) {
        const larger = new Int32Array(2 * (top + until - from));
        larger.set(pool);
        if (source === pool) source = larger;
        pool = larger;
      }
      let end = top;
      for (let q = from; q < until; q += 1) if (distance[source[q]] >= least) pool[end++] = source[q];
      if (size === BLOCK) return block(i, j, top, end);
      const s = size / 2;
      // The pool may be exchanged for a larger one on the way down.
      square(i, j, s, pool, top, end, end);
      square(i + s, j, s, pool, top, end, end);
      square(i, j + s, s, pool, top, end, end);
      square(i + s, j + s, s, pool, top, end, end);
    }

    /**
     * @param {number} i
     * @param {number} j
     * @param {number} from
     * @param {number} until
     */
    function block(i, j, from, until) {
      const row = BLOCK + 1;
      for (let b = 0; b <= BLOCK; b += 1) {
        const y = y0 + (j + b) * cell;
        for (let a = 0; a <= BLOCK; a += 1) {
          const x = x0 + (i + a) * cell;
          let best = -Infinity;
          for (let q = from; q < until; q += 1) {
            const k = pool[q];
            const v = sr[k] - Math.sqrt((sx[k] - x) * (sx[k] - x) + (sy[k] - y) * (sy[k] - y));
            if (v > best) best = v;
          }
          value[b * row + a] = best;
        }
      }
      for (let b = 0; b < BLOCK; b += 1) {
        for (let a = 0; a < BLOCK; a += 1) {
          const at = b * row + a;
          crossCell(i + a, j + b, value[at], value[at + 1], value[at + row + 1], value[at + row]);
        }
      }
    }

    // Corners of a cell against the clock, from below left. The edge has the inside on its left.
    /**
     * @param {number} i
     * @param {number} j
     * @param {number} v0
     * @param {number} v1
     * @param {number} v2
     * @param {number} v3
     */
    function crossCell(i, j, v0, v1, v2, v3) {
      const inside = (v0 >= 0 ? 1 : 0) | (v1 >= 0 ? 2 : 0) | (v2 >= 0 ? 4 : 0) | (v3 >= 0 ? 8 : 0);
      if (inside === 0 || inside === 15) return;
      const corner = j * columns + i;
      const values = [v0, v1, v2, v3, v0];
      const keys = [2 * corner, 2 * (corner + 1) + 1, 2 * (corner + columns), 2 * corner + 1];
      /** @type {number[][]} */
      const [out, back] = [[], []];
      for (let s = 0; s < 4; s += 1) {
        const a = values[s], b = values[s + 1];
        if (a >= 0 === b >= 0) continue;
        point(keys[s], s, i, j, a / (a - b));
        (a >= 0 ? out : back).push(s);
      }
      if (out.length === 1) {
        onward.set(keys[out[0]], keys[back[0]]);
        return;
      }
      // Two corners across from each other: joined where the middle is inside.
      const joined = v0 + v1 + v2 + v3 >= 0;
      for (const s of out) {
        const across = (s + (joined ? 1 : 3)) % 4;
        onward.set(keys[s], keys[across]);
      }
    }
    /**
     * @param {number} key
     * @param {number} s side
     * @param {number} i
     * @param {number} j
     * @param {number} share
     */
    function point(key, s, i, j, share) {
      if (points.at.has(key)) return;
      points.at.set(key, points.x.length);
      const along = s < 2 ? share : 1 - share; // sides 2 and 3 run back
      points.x.push(x0 + cell * (s === 0 || s === 2 ? i + along : i + (s === 1 ? 1 : 0)));
      points.y.push(y0 + cell * (s === 1 || s === 3 ? j + along : j + (s === 2 ? 1 : 0)));
    }

    for (let j = 0; j < high; j += 1) {
      for (let i = 0; i < wide; i += 1) {
        const q = j * wide + i;
        if (counts[q + 1] > counts[q]) square(i * TOP, j * TOP, TOP, lists, counts[q], counts[q + 1], 0);
      }
    }
    return rings(onward, points);
  };

  /**
   * @param {Map<number, number>} onward
   * @param { {at: Map<number, number>, x: number[], y: number[]} } points
   */
  function rings(onward, points) {
    /** @type {Float64Array[]} */
    const found = [];
    for (const start of onward.keys()) {
      if (!onward.has(start)) continue;
      const ring = [];
      for (let key = start; onward.has(key);) {
        const at = /** @type {number} */ (points.at.get(key));
        ring.push(points.x[at], points.y[at]);
        const next = /** @type {number} */ (onward.get(key));
        onward.delete(key);
        key = next;
      }
      if (ring.length >= 6) found.push(Float64Array.from(ring));
    }
    return found;
  }
})();
