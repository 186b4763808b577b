// What is drawn: every layer with its style, place in the stack and state.
(function (br) {
  const ORDER = {
    context: 0, provinces: 1, railCircles: 2, circles: 3, gained: 4, zones: 5, counties: 6, outlines: 7,
    borders: 8, selected: 9, corridors: 10, stops: 11, crossings: 12, junctions: 13, centres: 14, claims: 15,
  };
  const COLUMNS = { compare: ["base", "after", "gained"], base: ["base"], after: ["after"], split: ["base", "after"] };
  const KINDS = ["base", "after", "gain"];
  const SIDES = { base: "before", after: "after", gained: "after" };

  function hatch(colour, rising) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 8;
    const pen = tile.getContext("2d");
    pen.strokeStyle = colour;
    pen.lineWidth = 1.7;
    pen.beginPath();
    for (const shift of [-8, 0, 8]) {
      pen.moveTo(shift, rising ? 8 : 0);
      pen.lineTo(shift + 8, rising ? 0 : 8);
    }
    pen.stroke();
    return pen.createPattern(tile, "repeat");
  }

  // Dots leave the colour of what lies below as the legend shows it.
  function dots(colour) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 7;
    const pen = tile.getContext("2d");
    pen.fillStyle = colour;
    pen.beginPath();
    pen.arc(3.5, 3.5, 1.1, 0, 2 * Math.PI);
    pen.fill();
    return pen.createPattern(tile, "repeat");
  }

  br.ranked = (list, rank) => list[Math.min(rank, list.length - 1)];

  br.makeScene = function (map, data, word) {
    const style = data.style;
    const items = new Map();
    const isOn = (id) => items.has(id) && items.get(id).on;
    map.options.renderer = L.canvas({ padding: 0.3, tolerance: 5 });
    const split = br.makeSplit(map, word);
    const labels = br.makeLabels(map, isOn, split.hides);
    const scene = {
      items, labels, split, selected: null, claim: null, colouring: "none", view: data.scenario ? "compare" : "base",
      minutes: null, onchange: () => {}, onmove: () => {}, onselect: () => {},
    };

    const fixed = (options) => Object.assign({ interactive: false, smoothFactor: 0.6 }, options);
    const area = (packed, options) => L.polygon(br.unpackPolygons(packed, data.quantum), options);
    const reachArea = (packed, options) => L.polygon(br.unpackPolygons(packed, data.reachQuantum), options);
    const reachLine = (packed, options) => L.polyline(br.unpackLines(packed, data.reachQuantum), options);
    scene.boundsOf = (row) => area(row.shape).getBounds();

    // An item's layer is made when it is first shown.
    function add(id, order, on, make, side) {
      items.set(id, { id, order, on, make, side, layer: null });
    }
    scene.show = function (id, on) {
      const item = items.get(id);
      if (!item) return;
      item.on = on;
      if (on && !item.layer) {
        item.layer = item.make();
        split.confine(item.layer, item.side);
      }
      if (on) item.layer.addTo(map);
      else if (item.layer) item.layer.remove();
    };
    function restack() {
      const visible = [...items.values()].filter((item) => item.on && item.layer);
      visible.sort((a, b) => a.order - b.order);
      const lift = (layer) => (layer.eachLayer ? layer.eachLayer(lift) : layer.bringToFront && layer.bringToFront());
      for (const item of visible) lift(item.layer);
    }
    // After any change of what is shown.
    scene.refresh = function () {
      restyleReaches();
      if (items.get("provinces").layer) restyleGround();
      restack();
      labels.place();
      scene.onchange();
    };
    scene.toggle = function (id, on) {
      scene.show(id, on);
      scene.refresh();
    };

    // Backdrop ---------------------------------------------------------------------------------
    const tiles = data.baseMap;
    if (tiles) {
      add("tiles", -1, true, () => L.layerGroup(tiles.addresses.map((address) => L.tileLayer(address, {
        subdomains: tiles.subdomains || "abc", minNativeZoom: tiles.minZoom, maxNativeZoom: tiles.maxZoom,
        minZoom: 0, maxZoom: 20, tms: tiles.tms, crossOrigin: false,
      }))));
    }
    if (data.context.length) {
      add("context", ORDER.context, true, () =>
        L.layerGroup(data.context.map((row) => area(row.shape, fixed({
          color: style.provinceLine, weight: 0.7, opacity: 0.7, fillColor: style.land, fillOpacity: tiles ? 0 : 0.45,
        })))));
    }
    add("provinces", ORDER.provinces, true, () =>
      L.layerGroup(data.provinces.map((row) => area(row.shape, fixed({
        color: style.provinceLine, weight: 1.2, fillColor: style.land,
      })))));
    // Tiles show through; without them, land differs from sea.
    const ground = () => (isOn("tiles") ? 0 : 1);
    function restyleGround() {
      items.get("provinces").layer.eachLayer((layer) => layer.setStyle({ fillOpacity: ground() }));
    }
    for (const row of [...data.provinces, ...data.context]) {
      labels.add({ at: row.at, text: row.name, className: "br-province", rank: 4, owner: "provinces" });
    }

    // Circles and zones: before, after and what is gained --------------------------------------
    const reaches = [];
    // `entry.row` may be exchanged for another one (the slider does), so it is read when a layer is made.
    function reach(prefix, row, rank, rows, on, look) {
      const depth = rank / (rows + 1);
      const entry = { row, look, depth, names: {} };
      const has = (column) => row[column].length > 0 || prefix === "slider";
      const make = {
        base: () => reachArea(entry.row.base, fixed({ color: look.line, weight: look.weight, fillColor: look.fill })),
        after: () => {
          entry.whole = reachArea(entry.row.after, fixed({ color: look.after, weight: 1.6, fillColor: look.fill }));
          entry.edge = reachLine(entry.row.edge, fixed({ color: look.after, weight: 2, dashArray: "6 4" }));
          return L.layerGroup([entry.whole, entry.edge]);
        },
        gained: () => reachArea(entry.row.gained, fixed({ stroke: false, fillColor: hatch(look.hatch, look.rising), fillOpacity: 1 })),
      };
      const order = { base: look.order + 0.5 - depth / 2, after: ORDER.outlines - depth, gained: look.order + 0.99 - depth / 2 };
      for (const column of ["base", "after", "gained"]) {
        if (!has(column)) continue;
        entry.names[column] = prefix + "-" + column;
        add(entry.names[column], order[column], on.includes(column), make[column], SIDES[column]);
      }
      reaches.push(entry);
      return entry;
    }
    // Beside the circle before, only the new stretches of edge are drawn of the one after; else all of it.
    function restyleReaches() {
      // Circles by rail below those by road would shift their colour away from the legend's.
      const railShown = !isOn("tiles") && (scene.railCircles || []).some(({ names }) => Object.values(names).some(isOn));
      for (const { names, look, depth, whole, edge } of reaches) {
        const solid = railShown && look.order === ORDER.circles;
        const opacity = solid ? 1 : look.opacity * (isOn("tiles") ? 0.7 : 1);
        const fillColor = solid ? br.mixed(look.fill, style.land, look.opacity) : look.fill;
        if (isOn(names.base)) items.get(names.base).layer.setStyle({ fillOpacity: opacity, fillColor });
        if (!isOn(names.after)) continue;
        const item = items.get(names.after);
        const alone = split.on || !isOn(names.base);
        item.order = alone ? look.order + 0.5 - depth / 2 : ORDER.outlines - depth;
        const [shown, other] = alone ? [whole, edge] : [edge, whole];
        whole.setStyle({ fillOpacity: opacity, fillColor });
        item.layer.removeLayer(other);
        item.layer.addLayer(shown);
      }
    }
    const shownFirst = data.scenario ? ["base", "after", "gained"] : ["base"];
    const minutes = [...new Set(data.circles.map((row) => row.minutes))];
    const circleLook = (rank) => ({
      order: ORDER.circles, line: style.circleLine, weight: 0.8, fill: br.ranked(style.circleFills, rank),
      opacity: 0.75, after: style.scenarioLine, hatch: br.ranked(style.gainLines, rank), rising: true,
    });
    scene.circles = data.circles.map((row) => {
      const rank = minutes.indexOf(row.minutes);
      return reach("circle-" + row.minutes, row, rank, minutes.length, shownFirst, circleLook(rank));
    });
    scene.railCircles = data.railCircles.map((row, rank, all) => reach("rail-" + row.minutes, row, rank, all.length, [], {
      order: ORDER.railCircles, line: style.railLine, weight: 0.8, fill: br.ranked(style.railFills, rank),
      opacity: 0.75, after: style.railLine, hatch: style.railLine, rising: false,
    }));
    scene.slider = data.slider.length ? reach("slider", data.slider[0], 0, 1, [], circleLook(1)) : null;
    scene.centreCircles = data.centreCircles.map((row) => {
      const rank = [...new Set(data.centreCircles.map((other) => other.minutes))].indexOf(row.minutes);
      const centre = Math.max(0, data.centres.findIndex((other) => other.id === row.key));
      const colour = br.ranked(style.centreLines, centre);
      return reach("centre-" + row.key + "-" + row.minutes, row, rank, 4, [], {
        order: ORDER.gained, line: colour, weight: 1.8, fill: colour, opacity: 0.12, after: colour,
        hatch: colour, rising: centre % 2 === 0,
      });
    });
    const zoneLook = {
      order: ORDER.zones, line: style.zoneFill, weight: 1.8, fill: dots(style.zoneFill), dots: style.zoneFill, opacity: 1,
      after: style.zoneScenarioLine, hatch: style.zoneScenarioLine, rising: false,
    };
    scene.allZones = data.allZones && reach("zones", data.allZones, 0, 1, [], zoneLook);
    scene.isShown = ({ names }) => Object.values(names).some(isOn);
    function showColumns(entry, columns) {
      for (const [column, id] of Object.entries(entry.names)) scene.show(id, columns.includes(column));
    }

    // What is shown of each: before, after, both above each other, or both beside each other.
    scene.setView = function (view) {
      scene.view = view;
      for (const entry of reaches) if (scene.isShown(entry)) showColumns(entry, COLUMNS[view]);
      for (const row of data.corridors) scene.show("corridor-" + row.id, view !== "base");
      if (view === "split" && !split.moved) split.at = map.latLngToContainerPoint(L.latLngBounds(data.bounds).getCenter()).x / map.getSize().x;
      split.set(view === "split");
      showZone();
      scene.recolour(scene.colouring);
    };
    // One circle of any minutes instead of the study's own; null brings these back.
    scene.setMinutes = function (value) {
      scene.minutes = value;
      for (const entry of scene.circles) showColumns(entry, value === null ? COLUMNS[scene.view] : []);
      showColumns(scene.slider, []);
      if (value !== null) {
        scene.slider.row = data.slider.find((row) => row.minutes === value);
        for (const id of Object.values(scene.slider.names)) items.get(id).layer = null;
        showColumns(scene.slider, COLUMNS[scene.view]);
      }
      scene.refresh();
    };

    // Counties ---------------------------------------------------------------------------------
    const countyLayers = new Map();
    scene.zonesOf = new Map(data.zones.map((row) => [row.key, row]));
    scene.counties = new Map(data.counties.map((row) => [row.adcode, row]));
    add("counties", ORDER.counties, true, () =>
      L.layerGroup(data.counties.map((row) => {
        const layer = area(row.shape, Object.assign({ smoothFactor: 0.6 }, countyStyle(row)));
        layer.bindTooltip(() => br.countyText(row, word), { sticky: true, className: "br-tooltip", opacity: 1 });
        layer.on("mouseover", () => layer.setStyle({ weight: 3, color: style.highlight }));
        layer.on("mouseout", () => layer.setStyle(countyStyle(row)));
        layer.on("click", () => scene.select(row.adcode));
        inTwoColours(layer, row);
        countyLayers.set(row.adcode, layer);
        return layer;
      })));
    for (const row of data.counties) {
      labels.add({ at: row.at, text: row.name, className: "br-county", rank: 3, owner: "county-names", leastZoom: 7 });
    }
    add("county-names", ORDER.centres, true, () => L.layerGroup([]));

    // "base:ID", "after:ID" and "gain:ID" colour by the minutes to a centre, with ID "*" by the nearest.
    // An ID such as "~reached" is a measure of the table of indicators.
    scene.valueOf = function (row, colouring) {
      const [kind, id] = colouring.split(/:(.*)/s);
      if (id in data.classes) return row.figures ? row.figures[id.slice(1)][KINDS.indexOf(kind)] : null;
      const rows = row.times.filter((time) => id === "*" || time.id === id);
      const pick = (key) => rows.map((time) => time[key]).filter((value) => value !== null);
      if (kind === "gain") {
        const gains = pick("change").map((value) => -value);
        return gains.length ? Math.max(...gains) : null;
      }
      const values = pick(kind === "after" ? "after" : "base");
      return values.length ? Math.min(...values) : null;
    };
    scene.classes = function (colouring) {
      const [kind, id] = colouring.split(/:(.*)/s);
      if (id in data.classes) return data.classes[kind === "gain" ? id + "-gain" : id];
      return data.classes[kind === "gain" ? "gain" : "minute"];
    };
    // What counties can be coloured by, in two groups.
    scene.colourings = function () {
      const kinds = data.scenario ? KINDS : KINDS.slice(0, 1);
      const nearest = kinds.filter((kind) => kind !== "gain").map((kind) => kind + ":*");
      const minutes = data.counties.some((row) => row.times.length)
        ? kinds.flatMap((kind) => [...nearest.filter((key) => key.startsWith(kind)), ...data.timeCentres.map((each) => kind + ":" + each.id)]) : [];
      const figures = data.measures.flatMap((key) =>
        kinds.filter((kind) => kind !== "gain" || "~" + key + "-gain" in data.classes).map((kind) => kind + ":~" + key));
      return { minutes, figures };
    };
    // Kept, because a split map asks for every county whenever its line moves.
    const found = new Map();
    function countyColour(row, colouring) {
      const key = row.adcode + " " + colouring;
      if (!found.has(key)) {
        const { breaks, colours } = scene.classes(colouring);
        const value = scene.valueOf(row, colouring);
        found.set(key, value === null ? style.noValue : colours[br.classOf(value, breaks)]);
      }
      return found.get(key);
    }
    function countyStyle(row) {
      const chosen = row.adcode === scene.selected;
      const thin = data.counties.length > 400 ? 0.6 : 1.1;
      const look = { weight: chosen ? 3 : thin, color: chosen ? style.highlight : style.countyLine, fillOpacity: 0 };
      if (scene.colouring !== "none") {
        look.fillOpacity = 1; // what lies below would shift the colour away from the legend's
        look.fillColor = countyColour(row, scene.colouring);
      }
      return look;
    }
    // On a split map, minutes are those of today on one side and those with corridors on the other.
    function inTwoColours(layer, row) {
      const draw = layer._updatePath;
      layer._updatePath = function () {
        const [kind, id] = scene.colouring.split(/:(.*)/s);
        if (!split.on || !this._renderer._drawing || !["base", "after"].includes(kind)) return draw.call(this);
        const colour = this.options.fillColor;
        for (const [side, which] of [["before", "base"], ["after", "after"]]) {
          this.options.fillColor = countyColour(row, which + ":" + id);
          split.clipped(this._renderer._ctx, side, () => draw.call(this));
        }
        this.options.fillColor = colour;
      };
    }
    scene.recolour = function (colouring) {
      scene.colouring = colouring;
      for (const [adcode, layer] of countyLayers) layer.setStyle(countyStyle(scene.counties.get(adcode)));
      scene.refresh();
    };

    // The zone of the county that is selected.
    const zone = L.layerGroup([]);
    add("selected-zone", ORDER.selected, true, () => zone);
    function showZone() {
      zone.clearLayers();
      const row = scene.selected === null ? null : scene.zonesOf.get(String(scene.selected));
      if (!row) return;
      const columns = COLUMNS[scene.view];
      const alone = !columns.includes("base") || scene.view === "split";
      const line = { color: style.zoneScenarioLine, weight: 2.5, dashArray: "7 5" };
      const layers = {
        base: () => reachArea(row.base, fixed({ color: style.zoneFill, weight: 2.5, fillColor: dots(style.zoneFill), fillOpacity: 1 })),
        gained: () => reachArea(row.gained, fixed({ stroke: false, fillColor: hatch(style.zoneScenarioLine, false), fillOpacity: 1 })),
        after: () => alone
          ? reachArea(row.after, fixed(Object.assign(line, { fillColor: dots(style.zoneFill), fillOpacity: 1 })))
          : reachLine(row.edge, fixed(line)),
      };
      for (const column of ["base", "gained", "after"]) {
        if (!columns.includes(column) || !row[column].length) continue;
        const layer = layers[column]();
        split.confine(layer, SIDES[column]);
        zone.addLayer(layer);
      }
    }
    scene.select = function (adcode) {
      const before = scene.counties.get(scene.selected);
      scene.selected = scene.counties.has(adcode) ? adcode : null;
      scene.claim = null;
      showClaim();
      showZone();
      for (const row of [before, scene.counties.get(scene.selected)]) {
        if (row && countyLayers.has(row.adcode)) countyLayers.get(row.adcode).setStyle(countyStyle(row));
      }
      scene.refresh();
      scene.onselect();
    };

    // Lines and points -------------------------------------------------------------------------
    if (data.borders.length) {
      add("borders", ORDER.borders, true, () =>
        L.layerGroup(data.borders.flatMap((row) => {
          const line = br.unpackLines(row.shape, data.quantum);
          const text = () => br.element("div", {}, br.element("strong", {}, row.names.join(" – ")),
            br.element("div", {}, word("border_length") + " " + br.fixed(row.km, 1) + " km"),
            row.crossings === null ? null : br.element("div", {}, word("border_crossed", {
              n: row.crossings, spacing: row.spacing === null ? "–" : br.fixed(row.spacing, 1), without: br.fixed(row.without, 1),
            })));
          return [
            L.polyline(line, fixed({ color: style.borderHalo, weight: 6, opacity: 0.55 })),
            L.polyline(line, { color: style.borderLine, weight: 1.8, dashArray: "9 4 2 4" })
              .bindTooltip(text, { sticky: true, className: "br-tooltip", opacity: 1 }),
          ];
        })));
    }
    const point = (at, radius, fill, line, text) =>
      L.circleMarker(at, { radius, weight: 2, color: line, fillColor: fill, fillOpacity: 1 })
        .bindTooltip(() => br.element("div", {}, text()), { className: "br-tooltip", opacity: 1 });
    if (data.junctions.length) {
      add("junctions", ORDER.junctions, true, () =>
        L.layerGroup(data.junctions.map((row) =>
          point(row.at, 4, style.junctionFill, style.borderLine, () => word("junctions") + word("colon") + row.names))));
    }
    scene.corridorLook = (row) => ({
      color: style.modes[row.mode] || style.otherMode,
      weight: 3.4,
      dashArray: row.status in style.dashes ? style.dashes[row.status] : style.otherDash,
    });
    for (const row of data.corridors) {
      const id = "corridor-" + row.id;
      add(id, ORDER.corridors, true, () => {
        const line = br.unpackLines(row.shape, data.quantum);
        const look = Object.assign({ lineCap: "butt" }, scene.corridorLook(row));
        if (!look.dashArray) delete look.dashArray;
        return L.layerGroup([
          L.polyline(line, fixed({ color: "#ffffff", weight: 6.5, opacity: 0.9 })),
          L.polyline(line, look)
            .bindTooltip(() => br.corridorText(row, word), { sticky: true, className: "br-tooltip", opacity: 1 }),
          ...row.stops.map((stop) =>
            point(stop.at, 3.5, style.stopFill, look.color, () => stop.name + " · " + word.nameOf(row))),
        ]);
      }, "after");
      const last = row.stops.length - 1;
      row.stops.forEach((stop, i) => {
        const end = i === 0 || i === last;
        const beside = end ? null : [row.stops[i - 1].at, row.stops[i + 1].at];
        labels.add({ at: stop.at, text: stop.name, className: "br-stop", rank: end ? 2 : 2.5, owner: id, offset: 8, side: "after", beside });
        labels.dot(stop.at, id);
      });
    }
    const sign = (at, radius, shape, fill, options, text) =>
      new br.Sign(at, Object.assign({ radius, shape, weight: 1.3, color: "#333333", fillColor: fill, fillOpacity: 1 }, options))
        .bindTooltip(() => br.element("div", {}, text()), { className: "br-tooltip", opacity: 1 });
    if (data.crossings.length) {
      add("crossings", ORDER.crossings, false, () =>
        L.layerGroup(data.crossings.map((row) => sign(row.at, 4.5, "diamond", style.crossingFill, { shrink: true, weight: 1 }, () =>
          word("crossing") + word("colon") + row.names.join(" – ") + " · " + word.of("road", row.class)))));
    }
    if (data.gaps.length) {
      add("gaps", ORDER.crossings, false, () =>
        L.layerGroup(data.gaps.flatMap((row) => {
          const lines = br.unpackLines(row.shape, data.quantum);
          const text = () => br.element("div", {}, br.element("strong", {}, word("gap") + word("colon") + row.names.join(" – ")),
            br.element("div", {}, word("gap_here", { km: br.fixed(row.km, 1) }) + "；" + (row.roadKm === null ? word("not_reached")
              : word("gap_around", { km: br.fixed(row.roadKm, 1), minutes: br.fixed(row.minutes, 1) }))));
          const tip = { sticky: true, className: "br-tooltip", opacity: 1 };
          return [
            L.polyline(lines, { color: style.gapLine, weight: 3, dashArray: "2 4" }).bindTooltip(text, tip),
            ...lines.map((line) => sign(line[0], 5.5, "triangle", style.gapLine, { shrink: true, weight: 1 }, text)),
          ];
        })));
    }
    // Closed links are crossed out, others carry their direction of change.
    for (const row of data.changes) {
      add("change-" + row.id, ORDER.crossings, false, () => {
        const line = br.unpackLines(row.shape, data.quantum);
        const text = () => br.changeText(row, word);
        const tip = { sticky: true, className: "br-tooltip", opacity: 1 };
        return L.layerGroup([
          L.polyline(line, fixed({ color: "#ffffff", weight: 9, opacity: 0.9 })),
          L.polyline(line, { color: style.changeLine, weight: 5 }).bindTooltip(text, tip),
          sign(row.at, 8, "square", style.changeLine, { text: br.changeMark(row), weight: 1.5, color: "#ffffff" }, text),
        ]);
      });
    }
    // A claim's sign carries its number; signs of one place stand side by side.
    const RADIUS = 9;
    const claimFill = (row) => style.verdictFills[row.verdict] || style.noValue;
    function claimShift(row) {
      const near = data.claims.filter((other) => other.at && other.at.every((value, i) => Math.abs(value - row.at[i]) < 0.02));
      return (2 * RADIUS + 2) * (near.indexOf(row) - (near.length - 1) / 2);
    }
    function claimSign(row) {
      const fill = claimFill(row);
      const number = data.claims.indexOf(row) + 1;
      return sign(row.at, RADIUS, br.VERDICT_SHAPES[row.verdict] || "triangle", fill, {
        shift: [claimShift(row), 0], text: String(number), textColour: br.inkOn(fill),
      }, () => br.claimText(row, number, word)).on("click", () => scene.selectClaim(row.id));
    }
    const placed = data.claims.filter((row) => row.at);
    if (placed.length) {
      add("claims", ORDER.claims, false, () => L.layerGroup(placed.map(claimSign)));
      for (const row of placed) labels.dot(row.at, "claims", RADIUS, claimShift(row));
    }
    const claimed = L.layerGroup([]);
    add("selected-claim", ORDER.selected, true, () => claimed);
    function showClaim() {
      claimed.clearLayers();
      const row = data.claims.find((each) => each.id === scene.claim);
      if (!row || !row.at) return;
      const lines = [...br.unpackLines(row.lines, data.reachQuantum), ...br.unpackPolygons(row.areas, data.reachQuantum).flat().map((ring) => [...ring, ring[0]])];
      for (const line of lines) {
        claimed.addLayer(L.polyline(line, fixed({ color: "#ffffff", weight: 8, opacity: 0.9 })));
        claimed.addLayer(L.polyline(line, fixed({ color: claimFill(row), weight: 4 })));
      }
      for (const at of row.points) claimed.addLayer(L.circleMarker(at, fixed({ radius: 9, weight: 3.5, color: claimFill(row), fill: false })));
      claimed.addLayer(claimSign(row));
    }
    scene.claimBounds = (row) => L.latLngBounds([row.at, ...row.points, ...br.unpackLines(row.lines, data.reachQuantum).flat(),
      ...br.unpackPolygons(row.areas, data.reachQuantum).flat(2)]);
    scene.selectClaim = function (id, move) {
      const county = scene.counties.get(scene.selected);
      const row = data.claims.find((each) => each.id === id);
      scene.claim = row ? id : null;
      scene.selected = null;
      if (county && countyLayers.has(county.adcode)) countyLayers.get(county.adcode).setStyle(countyStyle(county));
      showZone();
      showClaim();
      scene.refresh();
      scene.onselect(row && row.at && move ? row : null);
    };
    add("centres", ORDER.centres, true, () =>
      L.layerGroup(data.centres.map((row) => point(row.at, 6, style.centreFill, "#ffffff", () => row.name))));
    for (const row of data.centres) {
      labels.add({ at: row.at, text: row.name, className: "br-centre", rank: 1, owner: "centres", offset: 10 });
    }

    scene.begin = function () {
      labels.sort();
      for (const item of items.values()) if (item.on) scene.show(item.id, true);
      split.onmove = () => { labels.place(); scene.onmove(); };
      scene.refresh();
      map.on("zoomend moveend resize", () => { labels.place(); scene.onmove(); });
    };
    return scene;
  };
})(borderreach);
