// What was drawn, as files: corridors for `borderreach run`, and shapes for other programs.
(function () {
  /**
   * A text in TOML, between quotation marks: what would end it, and what no text may hold, as escapes.
   * @param {string} text
   */
  const quoted = (text) => '"' + String(text).replace(/["\\\u0000-\u001f\u007f\u2028\u2029]/g, (c) =>
    "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")) + '"';
  /** @param {number} value */
  const number = (value, digits = 6) => String(Number(value.toFixed(digits)));

  /**
   * Stops of one name would be one stop.
   * @template { {name: string} } T
   * @param {T[]} stops
   */
  function distinct(stops) {
    const seen = new Map();
    return stops.map((stop) => {
      const n = (seen.get(stop.name) || 0) + 1;
      seen.set(stop.name, n);
      return n === 1 ? stop : { ...stop, name: stop.name + " " + n };
    });
  }
  br.distinctStops = distinct;

  // Corridors as the file that a study names under `corridor_files`: `date` of today, YYYY-MM-DD, and a `comment` of one line.
  br.corridorFile = function (lines, rules, date, comment) {
    const tables = lines.filter((line) => line.stops.length > 1).map((line, i) => {
      const assumed = br.assumedOf(line, rules);
      const stops = distinct(line.stops).map((stop) => "  { name = " + quoted(stop.name) + ", lon = " + number(stop.at[1]) +
        ", lat = " + number(stop.at[0]) + ", kind = " + quoted(br.STOP_KINDS[line.mode]) + ', position = "approximate" },');
      const keys = [
        ["id", quoted("drawn-" + date.replace(/-/g, "") + "-" + (i + 1))], ["name", quoted(line.name)], ["mode", quoted(line.mode)],
        ...(line.mode === "road" ? [["road_class", '"motorway"']] : []),
        ["status", '"proposed"'], ["status_date", date], ["design_speed_kph", number(line.kph)], ["speed_factor", number(assumed.factor)],
        ["sinuosity", number(assumed.sinuosity)], ["stop_penalty_min", number(assumed.penalty)],
        ["board_min", number(assumed.board)], ["alight_min", number(assumed.alight)],
        ...(line.mode !== "road" && line.perDay ? [["trains_per_day", number(line.perDay)]] : []),
        ["join_km", number(assumed.joinKm)], ["join_speed_kph", number(assumed.joinKph)],
      ];
      return "[[corridor]]\n" + keys.map(([key, value]) => key + " = " + value + "\n").join("") + "stops = [\n" + stops.join("\n") + "\n]\n";
    });
    return "# " + comment.replace(/[\u0000-\u001f\u007f]/g, " ") + "\n\n" + tables.join("\n");
  };

  // What keeps a drawn line from being read as a corridor, as a key of the words; null where nothing does.
  br.faultOf = function (line, rules) {
    const { stops } = line;
    if (stops.length < 2) return "line_short";
    /**
     * @param {number} a
     * @param {number} b
     */
    const km = (a, b) => br.straightKm(stops[a], stops[b]);
    for (let i = 1; i < stops.length; i += 1) if (km(i - 1, i) > rules.mostKm[line.mode]) return "line_far";
    const total = stops.slice(1).reduce((sum, _, i) => sum + km(i, i + 1), 0);
    for (let a = 0; a < stops.length; a += 1) {
      for (let b = a + 1; b < stops.length; b += 1) {
        const before = a > 0 ? km(a - 1, a) - km(a - 1, b) : 0;
        const after = b < stops.length - 1 ? km(b, b + 1) - km(a, b + 1) : 0;
        if (before + after > 0.15 * total) return "line_order";
      }
    }
    return null;
  };

  // Rings of a circle as the coordinates of a MultiPolygon, degrees: outer rings with their holes.
  br.polygonsOf = function (rings) {
    /** @param {Float64Array} ring */
    const area = (ring) => {
      let sum = 0;
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) sum += ring[j] * ring[i + 1] - ring[i] * ring[j + 1];
      return sum / 2;
    };
    /**
     * @param {Float64Array} ring
     * @param {number} x
     * @param {number} y
     */
    const holds = (ring, x, y) => {
      let inside = false;
      for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
        if (ring[i + 1] > y !== ring[j + 1] > y && x < (ring[j] - ring[i]) * (y - ring[i + 1]) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
      }
      return inside;
    };
    /** @param {Float64Array} ring */
    const degrees = (ring) => {
      /** @type {number[][]} */
      const line = [];
      for (let i = 0; i < ring.length; i += 2) {
        const at = [Number(br.ground.toLon(ring[i]).toFixed(7)), Number(br.ground.toLat(ring[i + 1]).toFixed(7))];
        if (at.join() !== String(line[line.length - 1])) line.push(at);
      }
      if (line.length > 1 && String(line[0]) === String(line[line.length - 1])) line.pop();
      return [...line, line[0]];
    };
    // A ring of less than a few metres is none any more when its places are rounded.
    const SMALL_M2 = 100;
    const outer = rings.filter((ring) => area(ring) > SMALL_M2).map((ring) => ({ ring, size: area(ring), parts: [degrees(ring)] }));
    outer.sort((a, b) => a.size - b.size);
    for (const hole of rings) {
      if (area(hole) > -SMALL_M2) continue;
      const around = outer.find((one) => one.size > -area(hole) && holds(one.ring, hole[0], hole[1]));
      if (around) around.parts.push(degrees(hole));
    }
    return outer.map((one) => one.parts);
  };

  br.whatIfGeoJson = function (state, circles) {
    /**
     * @param {GeoFeature["geometry"]} geometry
     * @param {GeoFeature["properties"]} properties
     */
    const feature = (geometry, properties) => ({ type: "Feature", properties, geometry });
    return JSON.stringify({
      type: "FeatureCollection",
      features: [
        ...circles.flatMap(({ minutes, now, km2 }) => feature({ type: "MultiPolygon", coordinates: br.polygonsOf(now) }, { kind: "circle", minutes, km2: Number(km2.toFixed(2)) })),
        ...state.lines.filter((line) => line.stops.length > 1).flatMap((line) => [
          feature({ type: "LineString", coordinates: line.stops.map(({ at }) => [at[1], at[0]]) },
            { kind: "corridor", name: line.name, mode: line.mode, design_speed_kph: line.kph, trains_per_day: line.perDay }),
          ...line.stops.map((stop, i) => feature({ type: "Point", coordinates: [stop.at[1], stop.at[0]] },
            { kind: "stop", corridor: line.name, stop_no: i + 1, name: stop.name })),
        ]),
        ...state.starts().map((row) => feature({ type: "Point", coordinates: [row.at[1], row.at[0]] }, { kind: "centre", name: row.name })),
      ],
    }) + "\n";
  };
})();
