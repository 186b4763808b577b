// Which rides of today's trains stop where a section of their line is closed: all whose way along the drawn line passes it.
(function () {
  /** @typedef { {to: number, metres: number, link: number} } Section */

  /**
   * The sections of each line that are drawn, from either end, by kind of link.
   * @param {Network} net
   */
  function sectionsOf(net) {
    /** @type {Map<number, Map<number, Section[]>>} */
    const found = new Map();
    for (let link = 0; link < net.tail.length; link += 1) {
      if (!br.isSection(net, link)) continue;
      const kind = net.kind[link];
      const line = found.get(kind) || new Map();
      found.set(kind, line);
      const [a, b] = [net.tail[link], net.head[link]];
      const metres = br.ground.metres(net.xyz.slice(3 * a, 3 * a + 3), net.xyz.slice(3 * b, 3 * b + 3));
      for (const [from, to] of [[a, b], [b, a]].map((ends) => ends.map((node) => net.place[node]))) {
        line.set(from, [...(line.get(from) || []), { to, metres, link }]);
      }
    }
    return found;
  }

  /**
   * The section by which the shortest way from a station comes to each other one, and the station before it.
   * @param {Map<number, Section[]>} line
   * @param {number} from
   */
  function waysFrom(line, from) {
    /** @type {Map<number, {metres: number, before: number, link: number}>} */
    const reached = new Map([[from, { metres: 0, before: -1, link: -1 }]]);
    const ahead = [from];
    while (ahead.length) {
      // A line has some dozens of stations.
      ahead.sort((a, b) => at(b).metres - at(a).metres);
      const here = /** @type {number} */ (ahead.pop());
      for (const { to, metres, link } of line.get(here) || []) {
        const far = at(here).metres + metres;
        const known = reached.get(to);
        if (known && known.metres <= far) continue;
        if (!known) ahead.push(to);
        reached.set(to, { metres: far, before: here, link });
      }
    }
    /** @param {number} place */
    function at(place) {
      return /** @type { {metres: number, before: number, link: number} } */ (reached.get(place));
    }
    return reached;
  }

  // Whether a link is drawn as a section of a railway.
  br.isSection = (net, link) => net.kinds[net.kind[link]][0] === "rail" && net.owners[2 * link] < 0 && !net.ridesPast.has(link) && net.place[net.tail[link]] !== net.place[net.head[link]];

  // Links that are closed with others: of a section of a railway, all rides of its line that pass it, there or back.
  br.closedWith = function (net, closed) {
    const all = new Set(closed);
    const cut = new Set([...closed].filter((link) => br.isSection(net, link)));
    if (!cut.size) return all;
    net.sections = net.sections || sectionsOf(net);
    const lines = new Set([...cut].map((link) => net.kind[link]));
    /** @type {Map<string, ReturnType<typeof waysFrom>>} */
    const known = new Map();
    for (let link = 0; link < net.tail.length; link += 1) {
      const line = lines.has(net.kind[link]) && net.owners[2 * link] < 0 && net.sections.get(net.kind[link]);
      if (!line) continue;
      const [from, to] = [net.place[net.tail[link]], net.place[net.head[link]]];
      const key = net.kind[link] + " " + from;
      const ways = known.get(key) || waysFrom(line, from);
      known.set(key, ways);
      for (let way = ways.get(to); way && way.link >= 0; way = ways.get(way.before)) {
        if (!cut.has(way.link)) continue;
        all.add(link);
        break;
      }
    }
    return all;
  };
})();
