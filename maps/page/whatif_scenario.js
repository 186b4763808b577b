// A network with some of the study's corridors, links closed, and corridors that the reader has drawn.
(function () {
  br.STOP_KINDS = { road: "interchange", rail: "station", air: "airport" };
  br.DRAWN = { joinKm: 5, joinKph: 25, sinuosity: 1.2 };

  // What a drawn corridor's file would say of it: the values of the study's that it was taken from, or of the embedded lines nearest to its speed.
  br.assumedOf = function (drawn, lines) {
    const own = drawn.as !== undefined && Object.hasOwn(lines.own, drawn.as) && lines.own[drawn.as];
    if (own && own.mode === drawn.mode) return own;
    const table = lines.assumed[drawn.mode];
    const nearest = Object.keys(table).map(Number)
      .reduce((best, kph) => (Math.abs(kph - drawn.kph) < Math.abs(best - drawn.kph) ? kph : best));
    const found = table[String(nearest)];
    return {
      factor: found.speed_factor ?? 1, penalty: found.stop_penalty_min ?? 0, board: found.board_min ?? 0,
      alight: found.alight_min ?? 0, perDay: found.trains_per_day ?? null, ...br.DRAWN,
    };
  };
  // Minutes waited: as `TransferRules.wait_min` has it, longer than half the time between many trains, which bunch.
  br.waitOf = function (drawn, lines) {
    if (drawn.mode === "road" || !drawn.perDay) return 0;
    const bunched = Math.min(drawn.perDay, lines.fittedPerDay) / lines.evenPerDay;
    const uneven = drawn.mode === "rail" ? bunched ** lines.unevenness : 1;
    return Math.min((lines.dayMin / drawn.perDay / 2) * uneven, lines.mostWaitMin[drawn.mode]);
  };

  // Make what holds one scenario on a network; `set` brings another one into the same arrays.
  br.makeScenario = function (net, data) {
    const shut = new Uint8Array(net.arcHead.length);
    const gone = new Uint8Array(net.n);
    const off = new Uint8Array(net.tail.length);
    const scenario = /** @type {Scenario} */ ({
      net, shut, gone, off, first: new Int32Array(0), changed: false, version: 0,
      .../** @type {Pick<Scenario, "extra" | "next" | "to" | "ms" | "loose">} */ ({ extra: [], next: [], to: [], ms: [], loose: new Set() }),
    });
    let known = "";

    scenario.set = function (wanted) {
      const key = JSON.stringify([[...wanted.corridors], [...wanted.closed], wanted.lines]);
      if (key === known) return scenario;
      known = key;
      scenario.version += 1;
      /** @param {number} owner */
      const on = (owner) => owner < 0 || wanted.corridors.has(owner);
      const closed = br.closedWith(net, wanted.closed);
      for (let link = 0; link < off.length; link += 1) off[link] = !on(net.owners[2 * link]) || !on(net.owners[2 * link + 1]) || closed.has(link) ? 1 : 0;
      for (let arc = 0; arc < shut.length; arc += 1) shut[arc] = off[net.arcLink[arc]];
      for (let i = 0; i < net.n; i += 1) gone[i] = on(net.owner[i]) ? 0 : 1;
      Object.assign(scenario, { next: [], to: [], ms: [], loose: new Set() });
      /** @type {number[][]} */
      let rides = [];
      /** @type {Built[]} */
      let built = [];
      // A line that touches neither a road nor, through others, what touches one isn't there for anybody.
      for (let loose = -1; loose < scenario.loose.size;) {
        loose = scenario.loose.size;
        scenario.extra = [];
        rides = [];
        const lines = wanted.lines.filter((line) => line.stops.length > 1 && !scenario.loose.has(line));
        built = lines.map((line) => build(line, rides));
        const touching = meet(built, wanted.corridors, rides);
        /** @type {Set<Line>} */
        const reached = new Set(built.filter((one) => one.touches));
        for (let before = -1; before < reached.size;) {
          before = reached.size;
          for (const [a, b] of touching) {
            if (reached.has(b) || !("touches" in b)) reached.add(a);
            if (reached.has(a) && "touches" in b) reached.add(b);
          }
        }
        built.forEach((one, i) => { if (!reached.has(one)) scenario.loose.add(lines[i]); });
      }
      scenario.first = new Int32Array(net.n + scenario.extra.length).fill(-1);
      for (const [from, to, minutes] of rides) {
        scenario.next.push(scenario.first[from]);
        scenario.first[from] = scenario.to.length;
        scenario.to.push(to);
        scenario.ms.push(Math.round(minutes * 60000));
      }
      scenario.changed = wanted.corridors.size > 0 || wanted.closed.size > 0 || built.length > 0;
      return scenario;
    };

    /**
     * @param { {at: Place} } stop
     * @param {boolean} exit
     */
    function node(stop, exit) {
      const [lat, lon] = stop.at;
      scenario.extra.push({
        exit, xyz: br.ground.xyz(lon, lat), x: br.ground.toX(lon), y: br.ground.toY(lat), scale: br.ground.scale(lat),
      });
      return net.n + scenario.extra.length - 1;
    }
    /**
     * Where one gets on and where one gets off: the same, unless turns are banned somewhere.
     * @param { {at: Place} } stop
     * @param {boolean} exit
     * @param {number[][]} rides
     */
    function ends(stop, exit, rides) {
      const on = node(stop, exit);
      if (!data.apart) return { on, off: on };
      const off = node(stop, exit);
      rides.push([off, on, 0]);
      return { on, off };
    }
    /**
     * @param {number[][]} rides
     * @param {Ends} from
     * @param {Ends} to
     * @param {number} there minutes
     * @param {number} back
     */
    function ride(rides, from, to, there, back) {
      rides.push([from.on, to.off, there], [to.on, from.off, back]);
    }

    /**
     * As `analysis.corridors.add_corridors` does; a corridor that the reader draws has one service, which calls everywhere.
     * @param {Drawn} line
     * @param {number[][]} rides
     */
    function build(line, rides) {
      const assumed = br.assumedOf(line, data.lines);
      const kph = line.kph * assumed.factor;
      let touches = false;
      const stations = line.stops.map((stop) => {
        const found = ends(stop, true, rides);
        const { metres, nodes } = nearest(stop);
        if (metres <= assumed.joinKm * 1000) {
          touches = true;
          const minutes = metres / 1000 / assumed.joinKph * 60;
          for (const at of nodes) ride(rides, { on: found.off, off: found.on }, { on: at, off: at }, minutes, minutes);
        }
        return found;
      });
      const calls = line.mode === "road" ? stations : line.stops.map((stop, i) => {
        const platform = ends(stop, false, rides);
        ride(rides, stations[i], { on: platform.off, off: platform.on }, assumed.board + br.waitOf(line, data.lines), assumed.alight);
        return platform;
      });
      const last = line.stops.length - 1;
      for (let i = 0; i < last; i += 1) {
        const km = br.straightKm(line.stops[i], line.stops[i + 1]) * assumed.sinuosity;
        const minutes = km / kph * 60 + assumed.penalty / 2 * ((i > 0 ? 1 : 0) + (i < last - 1 ? 1 : 0));
        ride(rides, calls[i], calls[i + 1], minutes, minutes);
      }
      return {
        touches, mode: line.mode, kph, joinKm: assumed.joinKm, joinKph: assumed.joinKph,
        stops: line.stops.map((stop, i) => ({ ...stations[i], kind: br.STOP_KINDS[line.mode], at: stop.at })),
      };
    }

    /**
     * Stops of different corridors that lie near each other are joined.
     * @param {Built[]} built
     * @param {Set<number>} corridors
     * @param {number[][]} rides
     */
    function meet(built, corridors, rides) {
      /** @type {[Built, Line][]} */
      const touching = [];
      const others = data.corridors.filter((one, i) => corridors.has(i));
      for (let a = 0; a < built.length; a += 1) {
        for (const other of [...others, ...built.slice(a + 1)]) {
          for (const [i, j, metres] of pairs(built[a], other)) {
            const here = built[a].stops[i];
            const there = other.stops[j];
            if (there.on < 0) continue;
            touching.push([built[a], other]);
            const minutes = metres / 1000 / speedBetween(built[a], here, other, there) * 60;
            rides.push([here.on, there.on, minutes], [there.on, here.on, minutes]);
            if (here.off !== here.on || there.off !== there.on) rides.push([here.off, there.off, minutes], [there.off, here.off, minutes]);
          }
        }
      }
      return touching;
    }
    /**
     * Between stops of two corridors, km/h; 0 where nobody changes from one to the other.
     * @param {Line} one
     * @param { {kind: string} } stop
     * @param {Line} other
     * @param { {kind: string} } second
     */
    function speedBetween(one, stop, other, second) {
      if (stop.kind !== "hub" && second.kind !== "hub") return Math.min(one.joinKph, other.joinKph);
      return one.mode === "road" && other.mode === "road" ? Math.min(one.kph, other.kph) : 0;
    }
    /**
     * @param {Line} one
     * @param {Line} other
     */
    function pairs(one, other) {
      const most = Math.min(one.joinKm, other.joinKm) * 1000;
      /** @param { {at: Place} } stop */
      const place = (stop) => br.ground.xyz(stop.at[1], stop.at[0]);
      const theirs = other.stops.map(place);
      const metres = one.stops.map((stop) => {
        const here = place(stop);
        return other.stops.map((second, j) => {
          const far = speedBetween(one, stop, other, second) === 0 ? Infinity : br.ground.metres(here, theirs[j]);
          return far > most ? Infinity : far;
        });
      });
      /** @type {Map<string, [number, number, number]>} */
      const found = new Map();
      /**
       * @param {number} i
       * @param {number} j
       */
      const keep = (i, j) => { if (metres[i][j] < Infinity) found.set(i + " " + j, [i, j, metres[i][j]]); };
      metres.forEach((row, i) => keep(i, row.indexOf(Math.min(...row))));
      theirs.forEach((_, j) => {
        const column = metres.map((row) => row[j]);
        keep(column.indexOf(Math.min(...column)), j);
      });
      return found.values();
    }

    // Nodes that a stop may be joined to: roads alone, where there are railways too.
    const byRoad = new Uint8Array(net.n);
    const railways = net.kinds.some(([mode], kind) => mode !== "road" && net.kind.some((each, k) => each === kind && net.owners[2 * k] < 0));
    for (let k = 0; k < net.tail.length; k += 1) {
      if (net.owners[2 * k] < 0 && net.kinds[net.kind[k]][0] === "road") byRoad[net.tail[k]] = byRoad[net.head[k]] = 1;
    }
    /** @param { {at: Place} } stop */
    function nearest(stop) {
      const [x, y, z] = br.ground.xyz(stop.at[1], stop.at[0]);
      let best = Infinity;
      let at = -1;
      for (let i = 0; i < net.n; i += 1) {
        if (!net.exit[i] || net.owner[i] >= 0 || (railways && !byRoad[i])) continue;
        const far = (net.xyz[3 * i] - x) ** 2 + (net.xyz[3 * i + 1] - y) ** 2 + (net.xyz[3 * i + 2] - z) ** 2;
        if (far < best) [best, at] = [far, i];
      }
      const nodes = [];
      for (let i = 0; data.apart && i < net.n; i += 1) {
        if (net.exit[i] && net.owner[i] < 0 && net.lon[i] === net.lon[at] && net.lat[i] === net.lat[at]) nodes.push(i);
      }
      return { metres: Math.sqrt(best), nodes: data.apart ? nodes : at < 0 ? [] : [at] };
    }
    return scenario;
  };

  // Kilometres between two stops on the ellipsoid: a chord, made as long as its arc.
  br.straightKm = function (one, other) {
    const chord = br.ground.metres(br.ground.xyz(one.at[1], one.at[0]), br.ground.xyz(other.at[1], other.at[0]));
    return 2 * 6371000 * Math.asin(Math.min(1, chord / (2 * 6371000))) / 1000;
  };
})();
