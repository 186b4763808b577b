// The network around the study, unpacked from the page: nodes, arcs in milliseconds, exits, people.
/**
 * @typedef {object} Network
 * @property {number} n nodes
 * @property {number} quantum degrees that their places are told in
 * @property {Float64Array} lon degrees
 * @property {Float64Array} lat degrees
 * @property {Float64Array} xyz earth-centred metres, three for each node
 * @property {Float64Array} x projected metres
 * @property {Float64Array} y projected metres
 * @property {Float64Array} scale projected metres for one on the ground
 * @property {Uint8Array} exit whether one may get on and off at the node
 * @property {Uint8Array} edge whether a link leads out of the part of the network that the page has
 * @property {Float64Array} people
 * @property {Int16Array} owner corridor that the node belongs to, -1 for none
 * @property {Int32Array} arcStart the arcs that leave node i are arcStart[i] to arcStart[i + 1]
 * @property {Int32Array} arcHead
 * @property {Int32Array} arcMs
 * @property {Int32Array} arcLink
 * @property {Int32Array} tail of each link
 * @property {Int32Array} head of each link
 * @property {Uint16Array} kind of each link, a position in `kinds`
 * @property {[string, string][]} kinds mode and class
 * @property {Int16Array} owners two corridors that a link needs, -1 for none
 * @property {Map<number, Float64Array>} shapes lon and lat in turn along the links that aren't straight
 * @property {Set<number>} ridesPast links that aren't drawn: rides past stations, whose way shorter ones of their line show
 * @property {Int32Array} place of each node: the first node that stands where it does
 * @property {Map<number, Map<number, {to: number, metres: number, link: number}[]>>} [sections] of railways, by kind and place, once asked for
 * @property {Set<number>} along links that may be entered and left anywhere
 * @property {Map<number, any>} lines of these links, as they are asked for
 * @property {Int32Array} forth milliseconds along each link
 * @property {Int32Array} back the same against it, -1 where nobody may go that way
 * @property {Uint8Array} [since] twice the position of the first year of the panel in which a link is as today; one more where another was there before
 */
(function () {
  /** @param {Place} at */
  const swapped = ([y, x]) => [x, y];
  /** @param {number} number */
  const unsigned = (number) => (number >= 0 ? 2 * number : -2 * number - 1);
  const ONE_WAY = 1;
  const OTHER_BACK = 2;
  const EXITS_ALONG = 4;
  const SHAPED = 8;
  const RIDE_PAST = 16;

  /** @type {(text: string) => number[]} */
  const unpacked = br.unpackNumbers;

  /**
   * Numbers of things, each less the one before, as numbers from 0 on.
   * @param {string} text
   */
  function stepped(text) {
    let at = 0;
    return unpacked(text).map((step) => (at += step));
  }

  /**
   * Runs of nodes: how many come before, and how many there are, less one.
   * @param {string} text
   * @param {Uint8Array} nodes
   * @param {number} value
   */
  function flag(text, nodes, value) {
    const runs = unpacked(text).map(unsigned);
    for (let i = 0, at = 0; i < runs.length; i += 2) {
      at += runs[i];
      nodes.fill(value, at, at + runs[i + 1] + 1);
      at += runs[i + 1] + 1;
    }
  }

  /**
   * @param {Packed} data what `maps/page/_packed_network.py` packs
   * @returns {Network}
   */
  br.openNetwork = function (data) {
    const grid = br.unpackNumbers(data.nodes);
    const n = grid.length / 2;
    const net = /** @type {Network} */ ({ n, quantum: data.quantum, kinds: data.kinds, shapes: new Map(), along: new Set(), ridesPast: new Set(), lines: new Map() });
    for (const name of /** @type {const} */ (["lon", "lat", "x", "y", "scale", "people"])) net[name] = new Float64Array(n);
    net.xyz = new Float64Array(3 * n);
    let lon = 0;
    let lat = 0;
    for (let i = 0; i < n; i += 1) {
      lon += grid[2 * i];
      lat += grid[2 * i + 1];
      net.lon[i] = lon * data.quantum;
      net.lat[i] = lat * data.quantum;
      net.x[i] = br.ground.toX(net.lon[i]);
      net.y[i] = br.ground.toY(net.lat[i]);
      net.scale[i] = br.ground.scale(net.lat[i]);
      net.xyz.set(br.ground.xyz(net.lon[i], net.lat[i]), 3 * i);
    }
    stepped(data.people).forEach((people, i) => { net.people[i] = people; });
    /** @type {Map<string, number>} */
    const first = new Map();
    net.place = Int32Array.from(net.lon, (east, i) => {
      const key = east + " " + net.lat[i];
      if (!first.has(key)) first.set(key, i);
      return /** @type {number} */ (first.get(key));
    });
    net.exit = new Uint8Array(n).fill(1);
    flag(data.noExit, net.exit, 0);
    net.edge = new Uint8Array(n);
    flag(data.edge, net.edge, 1);
    net.owner = new Int16Array(n).fill(-1);
    const owned = br.unpackNumbers(data.nodeOwners);
    for (let i = 0, at = 0; i < owned.length; i += 2) net.owner[(at += owned[i])] = owned[i + 1];
    openLinks(net, data);
    return net;
  };

  // Railways alone: lon and lat of either end, and the position of the first year of the panel in which they're there.
  br.unpackRailways = function (text, quantum) {
    const numbers = unpacked(text);
    const found = [];
    for (let i = 0, lon = 0, lat = 0; i < numbers.length; i += 5) {
      lon += numbers[i];
      lat += numbers[i + 1];
      const ends = Float64Array.of(lon, lat, lon + numbers[i + 2], lat + numbers[i + 3]);
      found.push({ line: ends.map((value) => value * quantum), since: numbers[i + 4] });
    }
    return found;
  };

  /**
   * Runs of links, of some kinds, that are as they are since the same year.
   * @param {Network} net
   * @param {Since} since
   */
  function openYears(net, since) {
    const kinds = new Set(since.kinds);
    const codes = 2 * since.years;
    net.since = new Uint8Array(net.tail.length);
    let code = 0;
    let left = 0;
    const runs = br.unpackNumbers(since.runs);
    for (let k = 0, run = 0; k < net.tail.length; k += 1) {
      if (!kinds.has(net.kind[k])) continue;
      if (!left) {
        const value = unsigned(runs[run++]);
        code = value % codes;
        left = Math.floor(value / codes) + 1;
      }
      net.since[k] = code;
      left -= 1;
    }
  }
  /**
   * Ways from roads to a station's entrance, each followed by the one from its exit to the road, which takes as long.
   * @param {Packed} data
   * @param {(tail: number, head: number, ms: number) => void} put
   */
  function stationWays(data, put) {
    const numbers = unpacked(data.stationWays);
    let entrance = 0;
    let road = 0;
    for (let i = 0; i < numbers.length;) {
      entrance += numbers[i];
      const exit = entrance + numbers[i + 1];
      const end = i + 3 + 2 * unsigned(numbers[i + 2]);
      for (i += 3; i < end; i += 2) {
        road += numbers[i];
        put(road, entrance, unsigned(numbers[i + 1]));
        put(exit, road, unsigned(numbers[i + 1]));
      }
    }
  }
  /**
   * @param {Network} net
   * @param {Packed} data
   */
  function openLinks(net, data) {
    const numbers = br.unpackNumbers(data.links);
    /** @type {number[][]} */
    const [tails, heads, kind, forth, back] = [[], [], [], [], []];
    let shape = 0;
    for (let i = 0, tail = 0; i < numbers.length;) {
      const code = unsigned(numbers[i++]);
      tail += code % 3 < 2 ? code % 3 : 2 + unsigned(numbers[i++]);
      const [its, flags] = data.looks[Math.floor(code / 3)];
      const head = tail + numbers[i++];
      const ms = unsigned(numbers[i++]);
      const link = tails.length;
      tails.push(tail);
      heads.push(head);
      kind.push(its);
      forth.push(ms);
      back.push(flags & ONE_WAY ? -1 : flags & OTHER_BACK ? numbers[i++] : ms);
      if (flags & EXITS_ALONG) net.along.add(link);
      if (flags & RIDE_PAST) net.ridesPast.add(link);
      if (flags & SHAPED) {
        const line = br.unpackLine(data.shapes[shape], data.quantum);
        net.shapes.set(link, Float64Array.from(line.flatMap(swapped)));
        shape += 1;
      }
    }
    stationWays(data, (tail, head, ms) => {
      tails.push(tail);
      heads.push(head);
      kind.push(data.stationKind);
      forth.push(ms);
      back.push(-1);
    });
    const links = tails.length;
    net.tail = Int32Array.from(tails);
    net.head = Int32Array.from(heads);
    net.kind = Uint16Array.from(kind);
    net.forth = Int32Array.from(forth);
    net.back = Int32Array.from(back);
    if (data.since) openYears(net, data.since);
    net.owners = new Int16Array(2 * links).fill(-1);
    const owned = br.unpackNumbers(data.linkOwners);
    for (let i = 0, at = 0; i < owned.length; i += 3) net.owners.set([owned[i + 1], owned[i + 2]], 2 * (at += owned[i]));
    // Arcs by their tails, in the order of the links.
    const start = new Int32Array(net.n + 1);
    for (let k = 0; k < links; k += 1) {
      start[tails[k] + 1] += 1;
      if (back[k] >= 0) start[heads[k] + 1] += 1;
    }
    for (let i = 0; i < net.n; i += 1) start[i + 1] += start[i];
    const place = start.slice();
    const arcs = start[net.n];
    for (const name of /** @type {const} */ (["arcHead", "arcMs", "arcLink"])) net[name] = new Int32Array(arcs);
    /**
     * @param {number} from
     * @param {number} to
     * @param {number} ms
     * @param {number} link
     */
    const put = (from, to, ms, link) => {
      const arc = place[from]++;
      net.arcHead[arc] = to;
      net.arcMs[arc] = ms;
      net.arcLink[arc] = link;
    };
    for (let k = 0; k < links; k += 1) {
      put(tails[k], heads[k], forth[k], k);
      if (back[k] >= 0) put(heads[k], tails[k], back[k], k);
    }
    net.arcStart = start;
  }
})();
