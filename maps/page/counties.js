// Counties: their layers, what they are coloured by, and the zone of the one that is selected.
(function () {
  const KINDS = ["base", "after", "gain"];
  const GRID = 8;
  const WAYS = ["road", "free", "rail", "after"];
  const MOST_NAMED = 80; // of a study with more counties, none is named where much of a country is in view

  /**
   * Figures of the measures in their order, and the cities of the national circles, see _counties.py.
   * @param {PageContent} data
   */
  function unpackFigures(data) {
    /** @param {string} text */
    const known = (text) => br.unpackNumbers(text).map((value) => (value === 0 ? null : value > 0 ? value - 1 : value));
    /**
     * @param {number | null} base
     * @param {number | null} added
     */
    const pair = (base, added) => [base, added === null ? null : (base || 0) + added];
    /**
     * @param {number | null} value
     * @param {number} many
     */
    const per = (value, many) => (value === null ? null : value / many);
    for (const row of data.counties) {
      const packed = /** @type {PackedCounty} */ (/** @type {unknown} */ (row));
      const [people, own, added, ...rest] = known(packed.figures);
      /** @type {CountyFigures | null} */
      const figures = packed.figures ? { people, efficiency: pair(own, added).map((value) => per(value, 1e3)) } : null;
      if (figures) {
        data.measures.forEach(({ id }, i) => {
          const [base, more, change] = rest.slice(3 * i, 3 * i + 3);
          figures[id] = [...pair(base, more), per(change, 100)];
        });
      }
      const [end, ...ways] = packed.ways ? br.unpackNumbers(packed.ways) : [0];
      const cities = known(packed.circles);
      Object.assign(row, { figures, ways: [], circles: [] });
      for (let i = 0; i < ways.length; i += 4) row.ways.push({ end: data.wayEnds[end], option: WAYS[ways[i]], figures: ways.slice(i + 1, i + 4) });
      for (let i = 0; i < cities.length; i += 2) {
        const city = cities[i];
        row.circles.push({ city: city === null ? null : data.cities[city], minutes: per(cities[i + 1], 60000) });
      }
    }
  }

  br.addCounties = function (scene, draw, data, word) {
    const style = data.style;
    unpackFigures(data);
    /** @type {Map<number, L.Polygon>} */
    const countyLayers = new Map();
    scene.zonesOf = new Map(data.zones.map((row) => [row.key, row]));
    scene.counties = new Map(data.counties.map((row) => [row.adcode, row]));
    scene.add("counties", br.ORDER.counties, true, () =>
      L.layerGroup(data.counties.map((row) => {
        const layer = draw.area(row.shape, Object.assign({ smoothFactor: 0.6 }, countyStyle(row)));
        layer.bindTooltip(() => br.countyText(row, word, scene.years, Boolean(data.scenario)), draw.sticky);
        layer.on("mouseover", () => layer.setStyle({ weight: 3, color: style.highlight }));
        layer.on("mouseout", () => layer.setStyle(countyStyle(row)));
        layer.on("click", () => scene.select(row.adcode));
        inTwoColours(layer, row);
        countyLayers.set(row.adcode, layer);
        return layer;
      })));
    /**
     * Where else in a county its name may stand: places of a grid that lie inside, the nearest to its middle first.
     * @param {County} row
     */
    function spots(row) {
      const ring = br.unpackPolygons(row.shape, data.quantum).map(([outer]) => outer).reduce((most, each) => (each.length > most.length ? each : most));
      /** @param {Place} at */
      const inside = ([lat, lon]) => {
        let odd = false;
        for (let i = 0, k = ring.length - 1; i < ring.length; k = i, i += 1) {
          const [[a, b], [c, d]] = [ring[i], ring[k]];
          if (a > lat !== c > lat && lon < b + (d - b) * (lat - a) / (c - a)) odd = !odd;
        }
        return odd;
      };
      const [lats, lons] = [0, 1].map((i) => ring.map((at) => at[i])).map((values) => [Math.min(...values), Math.max(...values)]);
      /** @type {Place[]} */
      const found = [];
      for (let i = 1; i < GRID; i += 1) {
        for (let k = 1; k < GRID; k += 1) {
          /** @type {[number, number]} */
          const at = [lats[0] + (lats[1] - lats[0]) * i / GRID, lons[0] + (lons[1] - lons[0]) * k / GRID];
          if (inside(at)) found.push(at);
        }
      }
      /** @param {Place} at */
      const far = (at) => Math.hypot(at[0] - row.at[0], at[1] - row.at[1]);
      return found.sort((a, b) => far(a) - far(b));
    }
    const leastZoom = data.counties.length > MOST_NAMED ? 7 : 0;
    for (const row of data.counties) {
      scene.labels.add({ at: row.at, text: () => word.label(row.name), className: "br-county", rank: br.RANKS.county, owner: "county-names", leastZoom, along: () => spots(row) });
    }
    scene.add("county-names", br.ORDER.centres, true, () => L.layerGroup([]));

    // "base:ID", "after:ID" and "gain:ID" colour by the minutes to a centre, with ID "*" by the nearest.
    // An ID such as "~reached" is a measure of the table of indicators.
    scene.measureOf = (id) => data.measures.find((each) => "~" + each.id === id);
    scene.valueOf = function (row, colouring) {
      const [kind, id] = colouring.split(/:(.*)/s);
      if (kind === "year") return scene.years ? scene.years.valueOf(row, colouring) : null;
      if (scene.measureOf(id)) return row.figures ? row.figures[id.slice(1)][KINDS.indexOf(kind)] : null;
      const rows = row.times.filter((time) => id === "*" || time.id === id);
      /** @param {"base" | "after" | "change"} key */
      const pick = (key) => rows.flatMap((time) => time[key] ?? []);
      if (kind === "gain") {
        const gains = pick("change").map((value) => -value);
        return gains.length ? Math.max(...gains) : null;
      }
      const values = pick(kind === "after" ? "after" : "base");
      return values.length ? Math.min(...values) : null;
    };
    scene.classes = function (colouring) {
      const [kind, id] = colouring.split(/:(.*)/s);
      if (scene.measureOf(id)) return data.classes[kind === "gain" ? id + "-gain" : id];
      return data.classes[kind === "gain" ? "gain" : "minute"];
    };
    // What counties can be coloured by, in two groups.
    scene.colourings = function () {
      const kinds = data.scenario ? KINDS : KINDS.slice(0, 1);
      const nearest = kinds.filter((kind) => kind !== "gain").map((kind) => kind + ":*");
      const minutes = data.counties.some((row) => row.times.length)
        ? kinds.flatMap((kind) => [...nearest.filter((key) => key.startsWith(kind)), ...data.timeCentres.map((each) => kind + ":" + each.id)]) : [];
      if (scene.years) minutes.push(...scene.years.colourings());
      const figures = data.measures.flatMap(({ id }) =>
        kinds.filter((kind) => "~" + id + (kind === "gain" ? "-gain" : "") in data.classes).map((kind) => kind + ":~" + id));
      return { minutes, figures };
    };
    // Kept, because a split map asks for every county whenever its line moves.
    /** @type {Map<string, string | undefined>} */
    const found = new Map();
    /**
     * @param {County} row
     * @param {string} colouring
     */
    function countyColour(row, colouring) {
      const key = row.adcode + " " + colouring;
      let colour = found.get(key);
      if (colour === undefined) {
        const { breaks, colours } = scene.classes(colouring);
        const value = scene.valueOf(row, colouring);
        colour = value === null ? style.noValue : colours[br.classOf(value, breaks)];
        found.set(key, colour);
      }
      return colour;
    }
    /** @param {County} row */
    function countyStyle(row) {
      const chosen = row.adcode === scene.selected;
      const thin = data.counties.length > 400 ? 0.6 : 1.1;
      /** @type {L.PathOptions} */
      const look = { weight: chosen ? 3 : thin, color: chosen ? style.highlight : style.countyLine, fillOpacity: 0 };
      if (scene.colouring !== "none") {
        look.fillOpacity = 1; // what lies below would shift the colour away from the legend's
        look.fillColor = countyColour(row, scene.colouring);
      }
      return look;
    }
    /**
     * On a split map, minutes are those of today on one side and those with corridors on the other.
     * @param {any} layer of Leaflet, with what it has of its own
     * @param {County} row
     */
    function inTwoColours(layer, row) {
      const draw = layer._updatePath;
      layer._updatePath = function () {
        const [kind, id] = scene.colouring.split(/:(.*)/s);
        if (!scene.split.on || !this._renderer._drawing || !["base", "after"].includes(kind)) return draw.call(this);
        const colour = this.options.fillColor;
        for (const [side, which] of [["before", "base"], ["after", "after"]]) {
          this.options.fillColor = countyColour(row, which + ":" + id);
          scene.split.clipped(this._renderer._ctx, side, () => draw.call(this));
        }
        this.options.fillColor = colour;
      };
    }
    scene.recolour = function (colouring) {
      scene.colouring = colouring;
      for (const [adcode, layer] of countyLayers) layer.setStyle(countyStyle(/** @type {County} */ (scene.counties.get(adcode))));
      scene.refresh();
    };

    // The zone of the county that is selected.
    const zone = L.layerGroup([]);
    scene.add("selected-zone", br.ORDER.selected, true, () => zone);
    scene.showZone = function () {
      zone.clearLayers();
      const row = scene.selected === null ? null : scene.zonesOf.get(String(scene.selected));
      if (!row) return;
      const columns = br.COLUMNS[scene.view];
      const alone = !columns.includes("base") || scene.view === "split";
      const line = { color: style.zoneScenarioLine, weight: 2.5, dashArray: "7 5" };
      const layers = {
        base: () => draw.reachArea(row.base, draw.fixed({ color: style.zoneFill, weight: 2.5, fillColor: draw.dots(style.zoneFill), fillOpacity: 1 })),
        gained: () => draw.reachArea(row.gained, draw.fixed({ stroke: false, fillColor: draw.hatch(style.zoneScenarioLine, false), fillOpacity: 1 })),
        after: () => alone
          ? draw.reachArea(row.after, draw.fixed(Object.assign(line, { fillColor: draw.dots(style.zoneFill), fillOpacity: 1 })))
          : draw.reachLine(row.edge, draw.fixed(line)),
      };
      for (const column of /** @type {const} */ (["base", "gained", "after"])) {
        if (!columns.includes(column) || !row[column].length) continue;
        const layer = layers[column]();
        scene.split.confine(layer, br.SIDES[column]);
        zone.addLayer(layer);
      }
    };
    scene.restyleCounty = function (adcode) {
      const row = adcode === null ? null : scene.counties.get(adcode);
      if (row) countyLayers.get(row.adcode)?.setStyle(countyStyle(row));
    };
    scene.select = function (adcode) {
      if (scene.asked && adcode !== null) return; // a tap on the map asks something else now
      const before = scene.selected;
      scene.selected = adcode !== null && scene.counties.has(adcode) ? adcode : null;
      scene.claim = null;
      scene.showClaim();
      scene.showZone();
      for (const each of [before, scene.selected]) scene.restyleCounty(each);
      scene.refresh();
      scene.onselect();
    };
  };
})();
