// Travel times in the browser, by the rules of docs/architecture.md: access, the shortest time, egress.
/**
 * Nodes within reach of a place, milliseconds to each, the street that the way leads along (-1: none), and streets entered part-way.
 * @typedef { {node: number[], ms: number[], link: number[], pieces: Piece[]} } Ways
 */
/**
 * Discs in projected metres, each around a node or, where that is -1, around a place that is started from.
 * @typedef { {x: Float64Array, y: Float64Array, r: Float64Array, node: Int32Array, n: number} } Discs
 */
(function () {
  const NONE = 2147483647; // further than any journey
  const WIDTH = 30000; // ms of a bucket

  br.UNREACHED = NONE;
  /** @param { {kph: number} } data */
  br.paceOf = (data) => 3600 / data.kph; // ms for a metre off the network

  /**
   * Whether one may get on and off at a node in a scenario.
   * @param {Scenario} scenario
   * @param {number} node
   */
  function exits(scenario, node) {
    const { net, gone, extra } = scenario;
    return node < net.n ? net.exit[node] === 1 && gone[node] === 0 : extra[node - net.n].exit;
  }
  /** @param {Scenario} scenario */
  br.nodeCount = (scenario) => scenario.net.n + scenario.extra.length;

  /**
   * Nodes within reach of a place, and milliseconds to them.
   * @param {Scenario} scenario
   * @param {WhatIfContent} data
   * @param {[number, number]} at latitude and longitude
   * @param {boolean} [out] from the network to the place, whatever scenario it's asked in
   * @returns {Ways}
   */
  br.accessOf = function (scenario, data, at, out = false) {
    const { net, extra } = scenario;
    const [x, y, z] = br.ground.xyz(at[1], at[0]);
    const reach = data.reachKm * 1000;
    const pace = br.paceOf(data);
    /** @type {Ways} */
    const found = { node: [], ms: [], link: [], pieces: [] };
    /**
     * @param {number} node
     * @param {number} dx
     * @param {number} dy
     * @param {number} dz
     */
    const take = (node, dx, dy, dz) => {
      const square = dx * dx + dy * dy + dz * dz;
      if (square > reach * reach) return;
      found.node.push(node);
      found.ms.push(Math.round(Math.sqrt(square) * pace));
      found.link.push(-1);
    };
    for (let i = 0; i < net.n; i += 1) {
      if (net.exit[i] && (out || !scenario.gone[i])) take(i, net.xyz[3 * i] - x, net.xyz[3 * i + 1] - y, net.xyz[3 * i + 2] - z);
    }
    extra.forEach((one, i) => { if (one.exit) take(net.n + i, one.xyz[0] - x, one.xyz[1] - y, one.xyz[2] - z); });
    if (net.along.size) br.addWaysAlong(scenario, data, at, out, found);
    return found;
  };

  /**
   * Milliseconds to every node from places that are entered at some times; `UNREACHED` beyond the limit.
   * Nodes wait in buckets of half a minute, and are taken up again when a faster way turns up within one.
   * @param {Scenario} scenario
   * @param {Ways[]} ways
   * @param {number} limit ms
   * @returns {Int32Array}
   */
  br.search = function (scenario, ways, limit) {
    const { net, shut, first, next, to, ms } = scenario;
    const { arcStart, arcHead, arcMs, n } = net;
    const time = new Int32Array(br.nodeCount(scenario)).fill(NONE);
    /** @type {(number[] | null)[]} */
    const buckets = [];
    /**
     * @param {number} node
     * @param {number} at
     */
    const put = (node, at) => {
      if (at >= time[node] || at > limit) return;
      time[node] = at;
      const bucket = (at / WIDTH) | 0;
      (buckets[bucket] ||= []).push(node);
    };
    for (const way of ways) for (let i = 0; i < way.node.length; i += 1) put(way.node[i], way.ms[i]);
    for (let bucket = 0; bucket < buckets.length; bucket += 1) {
      const waiting = buckets[bucket];
      if (!waiting) continue;
      for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
        const now = time[node];
        if (((now / WIDTH) | 0) !== bucket) continue;
        if (node < n) {
          for (let arc = arcStart[node], end = arcStart[node + 1]; arc < end; arc += 1) {
            if (!shut[arc]) put(arcHead[arc], now + arcMs[arc]);
          }
        }
        for (let arc = first[node]; arc >= 0; arc = next[arc]) put(to[arc], now + ms[arc]);
      }
      buckets[bucket] = null;
    }
    return time;
  };

  /**
   * Minutes from a search to places, straight ways within reach included; null where there is none.
   * @param {Scenario} scenario
   * @param {WhatIfContent} data
   * @param {Int32Array} time
   * @param {[number, number]} from latitude and longitude
   * @param {(Ways & {at: [number, number], xyz?: number[]})[]} places with the ways from the network to them
   * @param {Piece[]} pieces streets that are entered part-way from there
   * @returns {(number | null)[]}
   */
  br.minutesTo = function (scenario, data, time, from, places, pieces) {
    const { net, extra } = scenario;
    const start = br.ground.xyz(from[1], from[0]);
    const pace = br.paceOf(data);
    const reach = data.reachKm * 1000;
    return places.map((place) => {
      const here = place.xyz || (place.xyz = br.ground.xyz(place.at[1], place.at[0]));
      const straight = br.ground.metres(start, here);
      let best = Math.min(straight <= reach ? Math.round(straight * pace) : Infinity, br.alongOneStreet(scenario, pieces, place.pieces));
      for (let i = 0; i < place.node.length; i += 1) {
        const at = time[place.node[i]];
        if (place.link[i] >= 0 && scenario.off[place.link[i]]) continue;
        if (at !== NONE && !scenario.gone[place.node[i]] && at + place.ms[i] < best) best = at + place.ms[i];
      }
      extra.forEach((one, i) => {
        const at = time[net.n + i];
        if (!one.exit || at === NONE) return;
        const metres = br.ground.metres(one.xyz, here);
        if (metres <= reach) best = Math.min(best, at + Math.round(metres * pace));
      });
      return best === Infinity ? null : best / 60000;
    });
  };

  /**
   * Milliseconds to every node from the nearest one on the edge: what a way from outside takes at least.
   * @param {Scenario} scenario
   */
  br.timesFromEdge = function (scenario) {
    const { net } = scenario;
    /** @type {Ways} */
    const way = { node: [], ms: [], link: [], pieces: [] };
    for (let i = 0; i < net.n; i += 1) {
      if (!net.edge[i]) continue;
      way.node.push(i);
      way.ms.push(0);
    }
    return br.search(scenario, [way], Infinity);
  };

  /**
   * The time from which ways out of the page's part of the network may be faster, ms; infinite where none is reached.
   * @param {Scenario} scenario
   * @param {Int32Array} time
   */
  br.timeToEdge = function (scenario, time) {
    let least = Infinity;
    for (let i = 0; i < scenario.net.n; i += 1) if (scenario.net.edge[i] && time[i] < least) least = time[i];
    return least;
  };

  /**
   * The discs that a circle is the union of: what is left of the time at each exit, within the reach.
   * @param {Scenario} scenario
   * @param {WhatIfContent} data
   * @param {Int32Array} time
   * @param {[number, number][]} places
   * @param {number} cutoff ms
   * @param {Piece[]} pieces streets that the places enter part-way
   * @returns {Discs}
   */
  br.discsOf = function (scenario, data, time, places, cutoff, pieces) {
    const { net, extra } = scenario;
    const pace = br.paceOf(data);
    const reach = data.reachKm * 1000;
    /** @type {number[][]} */
    const along = [];
    if (net.along.size) br.addDiscsAlong(scenario, data, time, pieces, cutoff, (/** @type {number[]} */ ...one) => along.push(one));
    const room = time.length + places.length + along.length;
    /** @type {Discs} */
    const discs = { x: new Float64Array(room), y: new Float64Array(room), r: new Float64Array(room), node: new Int32Array(room), n: 0 };
    /**
     * @param {number} node
     * @param {number} x
     * @param {number} y
     * @param {number} scale
     * @param {number} at ms
     */
    const add = (node, x, y, scale, at) => {
      discs.node[discs.n] = node;
      discs.x[discs.n] = x;
      discs.y[discs.n] = y;
      discs.r[discs.n] = Math.min(reach, (cutoff - at) / pace) * scale;
      discs.n += 1;
    };
    for (let i = 0; i < time.length; i += 1) {
      if (time[i] > cutoff || !exits(scenario, i)) continue;
      if (i < net.n) add(i, net.x[i], net.y[i], net.scale[i], time[i]);
      else add(i, extra[i - net.n].x, extra[i - net.n].y, extra[i - net.n].scale, time[i]);
    }
    for (const [x, y, scale, at] of along) add(-1, x, y, scale, at);
    for (const [lat, lon] of places) add(-1, br.ground.toX(lon), br.ground.toY(lat), br.ground.scale(lat), 0);
    return discs;
  };
})();
