// Streets that may be entered and left anywhere: ways onto them part-way, and what is left of the time along them.
/**
 * Where a place enters a street part-way, to follow it towards its head or its tail, or leaves it coming from there.
 * @typedef { {link: number, toHead: boolean, at: number, ms: number} } Piece metres from the street's tail, and milliseconds until there
 */
(function () {
  const DEEP_M = 12; // between two discs on a street the edge lies so far in at most
  const LEAST_STEP_M = 30;

  /**
   * A street's vertices in projected metres, and metres on the ground from its tail to each.
   * @param {Network} net
   * @param {number} link
   */
  function lineOf(net, link) {
    const known = net.lines.get(link);
    if (known) return known;
    const shape = net.shapes.get(link);
    const [a, b] = [net.tail[link], net.head[link]];
    const places = shape ? Array.from({ length: shape.length / 2 }, (_, i) => [shape[2 * i], shape[2 * i + 1]]) : [[net.lon[a], net.lat[a]], [net.lon[b], net.lat[b]]];
    const line = {
      x: places.map(([lon]) => br.ground.toX(lon)), y: places.map(([, lat]) => br.ground.toY(lat)),
      scale: places.map(([, lat]) => br.ground.scale(lat)), xyz: places.map(([lon, lat]) => br.ground.xyz(lon, lat)), along: [0],
    };
    for (let i = 1; i < places.length; i += 1) line.along.push(line.along[i - 1] + br.ground.metres(line.xyz[i - 1], line.xyz[i]));
    net.lines.set(link, line);
    return line;
  }

  /**
   * Add the ways between a place and the ends of streets nearby, as fast as walking to any point of them makes it.
   * @param {Scenario} scenario
   * @param {WhatIfContent} data
   * @param {[number, number]} at latitude and longitude
   * @param {boolean} out from the network to the place, in whatever scenario; otherwise from the place onto the open network
   * @param {Ways} found
   */
  br.addWaysAlong = function (scenario, data, at, out, found) {
    const { net } = scenario;
    const pace = br.paceOf(data);
    const reach = data.reachKm * 1000;
    const scale = br.ground.scale(at[0]);
    const [px, py] = [br.ground.toX(at[1]), br.ground.toY(at[0])];
    const plane = br.planeAround(at);
    for (const link of net.along) {
      if (!out && scenario.off[link]) continue;
      const line = lineOf(net, link);
      const total = line.along[line.along.length - 1];
      if (!total || Math.abs(line.x[0] - px) > 1.2 * (reach + total) * scale || Math.abs(line.y[0] - py) > 1.2 * (reach + total) * scale) continue;
      // Milliseconds for each metre of the street: with it, and against it.
      const [forth, back] = [net.forth[link] / total, net.back[link] < 0 ? -1 : net.back[link] / total];
      // By way of its head, and of its tail.
      const best = [true, false].map((toHead) => ({ toHead, ms: Infinity, at: 0, walked: 0 }));
      const seen = line.xyz.map(plane);
      for (let i = 1; i < seen.length; i += 1) {
        const length = line.along[i] - line.along[i - 1];
        if (!length) continue;
        const [ax, ay] = seen[i - 1];
        const [ux, uy] = [(seen[i][0] - ax) / length, (seen[i][1] - ay) / length];
        const at0 = -(ax * ux + ay * uy) / (ux * ux + uy * uy);
        const away = Math.abs(ax * uy - ay * ux) / Math.sqrt(ux * ux + uy * uy);
        if (away > reach) continue;
        const most = Math.sqrt(reach * reach - away * away);
        /** @param {number} s */
        const walk = (s) => Math.sqrt(away * away + (s - at0) * (s - at0)) * pace;
        /** @param {number} s */
        const inside = (s) => Math.min(Math.max(s, Math.max(0, at0 - most)), Math.min(length, at0 + most));
        if (at0 - most > length || at0 + most < 0) continue;
        // Across the ground towards where one goes, by the law of refraction.
        /** @param {number} slow milliseconds for a metre along the street */
        const aslant = (slow) => (slow < pace ? away * slow / Math.sqrt(pace * pace - slow * slow) : most);
        for (const way of best) {
          const slow = way.toHead === out ? back : forth;
          if (slow < 0) continue;
          const s = inside(at0 + (way.toHead ? 1 : -1) * aslant(slow));
          const so = line.along[i - 1] + s;
          const ms = walk(s) + slow * (way.toHead ? total - so : so);
          if (ms < way.ms) Object.assign(way, { ms, at: so, walked: walk(s) });
        }
      }
      for (const { toHead, ms, at: so, walked } of best) {
        if (ms === Infinity) continue;
        found.pieces.push({ link, toHead, at: so, ms: walked });
        found.node.push(toHead ? net.head[link] : net.tail[link]);
        found.ms.push(Math.round(ms));
        found.link.push(link);
      }
    }
  };

  /**
   * Milliseconds between two places along one street that both enter part-way; infinite where there is none.
   * @param {Scenario} scenario
   * @param {Piece[]} from
   * @param {Piece[]} to
   */
  br.alongOneStreet = function (scenario, from, to) {
    const { net } = scenario;
    let best = Infinity;
    for (const one of from) {
      for (const other of to) {
        if (other.link === one.link && other.toHead !== one.toHead) best = Math.min(best, one.ms + other.ms + passing(net, one, other.at));
      }
    }
    return best;
  };
  /**
   * From where a street is entered on to another place along it, the way that it is followed.
   * @param {Network} net
   * @param {Piece} piece
   * @param {number} at
   */
  function passing(net, piece, at) {
    const metres = piece.toHead ? at - piece.at : piece.at - at;
    const { along } = lineOf(net, piece.link);
    return metres < 0 ? Infinity : metres / along[along.length - 1] * (piece.toHead ? net.forth : net.back)[piece.link];
  }

  /**
   * Give `add` discs along streets, so close to each other that their union is the streets' own area.
   * @param {Scenario} scenario
   * @param {WhatIfContent} data
   * @param {Int32Array} time
   * @param {Piece[]} pieces of the places that are started from
   * @param {number} cutoff ms
   * @param {(x: number, y: number, scale: number, at: number) => void} add
   */
  br.addDiscsAlong = function (scenario, data, time, pieces, cutoff, add) {
    const { net } = scenario;
    const pace = br.paceOf(data);
    const reach = data.reachKm * 1000;
    /** @type {Map<number, Piece[]>} */
    const entered = new Map();
    for (const piece of pieces) entered.set(piece.link, [...(entered.get(piece.link) || []), piece]);
    for (const link of net.along) {
      if (scenario.off[link]) continue;
      const [first, last] = [time[net.tail[link]], net.back[link] < 0 ? br.UNREACHED : time[net.head[link]]];
      const own = entered.get(link);
      if (Math.min(first, last) >= cutoff && !own) continue;
      const line = lineOf(net, link);
      const total = line.along[line.along.length - 1];
      if (!total) continue;
      const [forth, back] = [net.forth[link] / total, net.back[link] / total];
      let i = 1;
      for (let s = 0; ; s = Math.min(total, s)) {
        let at = Math.min(first + forth * s, last + back * (total - s));
        if (own) for (const piece of own) at = Math.min(at, piece.ms + passing(net, piece, s));
        const r = Math.min(reach, (cutoff - at) / pace);
        if (r > 0) {
          while (i < line.x.length - 1 && line.along[i] < s) i += 1;
          const share = (s - line.along[i - 1]) / (line.along[i] - line.along[i - 1] || 1);
          add(line.x[i - 1] + share * (line.x[i] - line.x[i - 1]), line.y[i - 1] + share * (line.y[i] - line.y[i - 1]), line.scale[i], at);
        }
        if (s >= total) break;
        s += r > 0 ? Math.max(LEAST_STEP_M, Math.sqrt(8 * r * DEEP_M)) : LEAST_STEP_M;
      }
    }
  };
})();
