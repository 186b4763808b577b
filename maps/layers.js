// What is drawn: every layer with its style, place in the stack and state.
(function (br) {
  const ORDER = {
    context: 0, provinces: 1, circles: 2, gained: 3, zones: 4, counties: 5, outlines: 6,
    borders: 7, selected: 8, corridors: 9, stops: 10, junctions: 11, centres: 12,
  };

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
    const labels = [];
    const scene = { items, labels, selected: null, colouring: "none" };
    map.options.renderer = L.canvas({ padding: 0.3, tolerance: 5 });

    const fixed = (options) => Object.assign({ interactive: false, smoothFactor: 0.6 }, options);
    const area = (packed, options) => L.polygon(br.unpackPolygons(packed, data.quantum), options);
    const reachArea = (packed, options) => L.polygon(br.unpackPolygons(packed, data.reachQuantum), options);
    scene.boundsOf = (row) => area(row.shape).getBounds();

    // An item's layer is made when it is first shown.
    function add(id, order, on, make, more) {
      items.set(id, Object.assign({ id, order, on, make, layer: null }, more));
    }

    scene.show = function (id, on) {
      const item = items.get(id);
      if (!item) return;
      item.on = on;
      if (on) {
        item.layer = item.layer || item.make();
        item.layer.addTo(map);
      } else if (item.layer) {
        item.layer.remove();
      }
    };
    scene.restack = function () {
      const visible = [...items.values()].filter((item) => item.on && item.layer);
      visible.sort((a, b) => a.order - b.order);
      for (const item of visible) {
        const lift = (layer) => (layer.eachLayer ? layer.eachLayer(lift) : layer.bringToFront && layer.bringToFront());
        lift(item.layer);
      }
    };
    scene.toggle = function (id, on) {
      scene.show(id, on);
      restyleReaches();
      scene.restack();
      scene.declutter();
    };

    // Backdrop ---------------------------------------------------------------------------------
    if (data.context.length) {
      add("context", ORDER.context, true, () =>
        L.layerGroup(data.context.map((row) => area(row.shape, fixed({
          color: style.provinceLine, weight: 0.7, opacity: 0.7, fillColor: style.land, fillOpacity: 0.45,
        })))));
    }
    add("provinces", ORDER.provinces, true, () =>
      L.layerGroup(data.provinces.map((row) => area(row.shape, fixed({
        color: style.provinceLine, weight: 1.2, fillColor: style.land, fillOpacity: 1,
      })))));
    for (const row of [...data.provinces, ...data.context]) {
      label(row.at, row.name, "br-province", 4, "provinces", 0);
    }

    // Circles and zones: before, after and what is gained --------------------------------------
    const reaches = [];
    function reach(prefix, row, rank, rows, on, look) {
      const depth = rank / (rows + 1);
      const names = {};
      if (row.base.length) {
        names.base = prefix + "-base";
        add(names.base, look.order + 0.5 - depth / 2, on.base, () =>
          reachArea(row.base, fixed({ color: look.line, weight: look.weight, fillColor: look.fill, fillOpacity: look.opacity })));
      }
      if (row.after.length) {
        names.after = prefix + "-after";
        add(names.after, ORDER.outlines - depth, on.after, () =>
          reachArea(row.after, fixed({ color: look.after, weight: 2.2, dashArray: "7 5", fillColor: look.fill, fillOpacity: 0 })));
      }
      if (row.gained.length) {
        names.gained = prefix + "-gained";
        add(names.gained, look.order + 0.99 - depth / 2, on.gained, () =>
          reachArea(row.gained, fixed({ stroke: false, fillColor: hatch(look.hatch, look.rising), fillOpacity: 1 })));
      }
      reaches.push({ names, look });
      return names;
    }
    // Alone, the circle after is filled like the one before; together, only its edge is drawn.
    function restyleReaches() {
      for (const { names, look } of reaches) {
        const after = items.get(names.after);
        if (!after || !after.layer) continue;
        const base = items.get(names.base);
        after.layer.setStyle({ fillOpacity: base && base.on ? 0 : look.opacity });
      }
    }

    const minutes = [...new Set(data.circles.map((row) => row.minutes))];
    scene.circles = data.circles.map((row) => {
      const rank = minutes.indexOf(row.minutes);
      const look = {
        order: ORDER.circles, line: style.circleLine, weight: 0.8, fill: br.ranked(style.circleFills, rank),
        opacity: 0.75, after: style.scenarioLine, hatch: br.ranked(style.gainLines, rank), rising: true,
      };
      const on = { base: true, after: true, gained: true };
      return { row, look, names: reach("circle-" + row.minutes, row, rank, minutes.length, on, look) };
    });
    const none = { base: false, after: false, gained: false };
    scene.centreCircles = data.centreCircles.map((row) => {
      const rank = [...new Set(data.centreCircles.map((other) => other.minutes))].indexOf(row.minutes);
      const centre = Math.max(0, data.centres.findIndex((other) => other.id === row.key));
      const colour = br.ranked(style.centreLines, centre);
      const look = {
        order: ORDER.gained, line: colour, weight: 1.8, fill: colour, opacity: 0.12, after: colour,
        hatch: colour, rising: centre % 2 === 0,
      };
      return { row, look, names: reach("centre-" + row.key + "-" + row.minutes, row, rank, 4, none, look) };
    });
    const zoneLook = {
      order: ORDER.zones, line: style.zoneFill, weight: 1.8, fill: dots(style.zoneFill), dots: style.zoneFill, opacity: 1,
      after: style.zoneScenarioLine, hatch: style.zoneScenarioLine, rising: false,
    };
    scene.allZones = data.allZones && {
      row: data.allZones, look: zoneLook, names: reach("zones", data.allZones, 0, 1, none, zoneLook),
    };

    // Counties ---------------------------------------------------------------------------------
    const countyLayers = new Map();
    scene.zonesOf = new Map(data.zones.map((row) => [row.key, row]));
    scene.counties = new Map(data.counties.map((row) => [row.adcode, row]));
    add("counties", ORDER.counties, true, () =>
      L.layerGroup(data.counties.map((row) => {
        const layer = area(row.shape, { color: style.countyLine, weight: 1.3, fillOpacity: 0, smoothFactor: 0.6 });
        layer.bindTooltip(() => br.countyText(row, word), { sticky: true, className: "br-tooltip", opacity: 1 });
        layer.on("mouseover", () => layer.setStyle({ weight: 3, color: style.highlight }));
        layer.on("mouseout", () => layer.setStyle(countyStyle(row)));
        layer.on("click", () => scene.select(row.adcode));
        countyLayers.set(row.adcode, layer);
        return layer;
      })));
    for (const row of data.counties) label(row.at, row.name, "br-county", 3, "county-names", 0);
    add("county-names", ORDER.centres, true, () => L.layerGroup([]));

    // "base:ID", "after:ID" and "gain:ID" colour by the minutes to a centre, "near" by the nearest.
    scene.valueOf = function (row, colouring) {
      const [kind, id] = colouring.split(/:(.*)/s);
      const rows = row.times.filter((time) => id === "*" || time.id === id);
      const pick = (key) => rows.map((time) => time[key]).filter((value) => value !== null);
      if (kind === "gain") {
        const gains = pick("change").map((value) => -value);
        return gains.length ? Math.max(...gains) : null;
      }
      const values = pick(kind === "after" ? "after" : "base");
      return values.length ? Math.min(...values) : null;
    };
    scene.classes = (colouring) =>
      colouring.startsWith("gain")
        ? { breaks: style.gainBreaks, colours: style.gainColours, labels: style.gainLabels }
        : { breaks: style.minuteBreaks, colours: style.minuteColours, labels: style.minuteLabels };
    function countyStyle(row) {
      const chosen = row.adcode === scene.selected;
      const look = { weight: chosen ? 3 : 1.3, color: chosen ? style.highlight : style.countyLine, fillOpacity: 0 };
      if (scene.colouring !== "none") {
        const { breaks, colours } = scene.classes(scene.colouring);
        const value = scene.valueOf(row, scene.colouring);
        look.fillOpacity = 1; // what lies below would shift the colour away from the legend's
        look.fillColor = value === null ? style.noValue : colours[br.classOf(value, breaks)];
      }
      return look;
    }
    scene.recolour = function (colouring) {
      scene.colouring = colouring;
      for (const row of data.counties) {
        const layer = countyLayers.get(row.adcode);
        if (layer) layer.setStyle(countyStyle(row));
      }
    };

    // The zone of the county that is selected.
    const zone = L.layerGroup([]);
    add("selected-zone", ORDER.selected, true, () => zone);
    scene.select = function (adcode) {
      scene.selected = adcode;
      zone.clearLayers();
      const row = adcode === null ? null : scene.zonesOf.get(String(adcode));
      if (row) {
        zone.addLayer(reachArea(row.base, fixed({ color: style.zoneFill, weight: 2.5, fillColor: dots(style.zoneFill), fillOpacity: 1 })));
        zone.addLayer(reachArea(row.gained, fixed({ stroke: false, fillColor: hatch(style.zoneScenarioLine, false), fillOpacity: 1 })));
        zone.addLayer(reachArea(row.after, fixed({ color: style.zoneScenarioLine, weight: 2.5, dashArray: "7 5", fill: false })));
      }
      scene.recolour(scene.colouring);
      scene.restack();
      if (scene.onselect) scene.onselect(adcode);
    };

    // Lines and points -------------------------------------------------------------------------
    if (data.borders.length) {
      add("borders", ORDER.borders, true, () =>
        L.layerGroup(data.borders.flatMap((row) => {
          const line = br.unpackLines(row.shape, data.quantum);
          const text = () => br.element("div", {}, br.element("strong", {}, row.names.join(" – ")),
            br.element("div", {}, word("border_length") + " " + br.fixed(row.km, 1) + " km"));
          return [
            L.polyline(line, fixed({ color: "#b9a3cf", weight: 6, opacity: 0.55 })),
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
          point(row.at, 4, style.junctionFill, style.borderLine, () => word("junctions") + "：" + row.names))));
    }
    scene.corridorLook = (row) => ({
      color: style.modes[row.mode] || style.otherMode,
      weight: 3.4,
      dashArray: row.status in style.dashes ? style.dashes[row.status] : style.otherDash,
    });
    for (const row of data.corridors) {
      add("corridor-" + row.id, ORDER.corridors, true, () => {
        const line = br.unpackLines(row.shape, data.quantum);
        const look = Object.assign({ lineCap: "butt" }, scene.corridorLook(row));
        if (!look.dashArray) delete look.dashArray;
        return L.layerGroup([
          L.polyline(line, fixed({ color: "#ffffff", weight: 6.5, opacity: 0.9 })),
          L.polyline(line, look)
            .bindTooltip(() => br.corridorText(row, word), { sticky: true, className: "br-tooltip", opacity: 1 }),
          ...row.stops.map((stop) =>
            point(stop.at, 3.5, style.stopFill, look.color, () => stop.name + " · " + row.name)),
        ]);
      });
      for (const stop of row.stops) label(stop.at, stop.name, "br-stop", 2, "corridor-" + row.id, 8);
    }
    add("centres", ORDER.centres, true, () =>
      L.layerGroup(data.centres.map((row) => point(row.at, 6, style.centreFill, "#ffffff", () => row.name))));
    for (const row of data.centres) label(row.at, row.name, "br-centre", 1, "centres", 10);

    // Labels: the less important one gives way where two would overlap -------------------------
    function label(at, text, className, rank, owner, offset) {
      const element = br.element("span", { className: "br-label " + className }, text);
      const icon = L.divIcon({ html: element, className: "br-anchor", iconSize: [0, 0] });
      const marker = L.marker(at, { icon, interactive: false, keyboard: false });
      labels.push({ at, element, marker, rank, owner, offset });
    }
    scene.declutter = function () {
      const taken = [];
      for (const item of labels) {
        const owner = items.get(item.owner);
        const wanted = owner && owner.on && (item.rank < 3 || item.rank === 4 || map.getZoom() >= 7);
        item.element.style.visibility = "hidden";
        if (!wanted || !map.getBounds().pad(0.2).contains(item.at)) continue;
        const centre = map.latLngToContainerPoint(item.at);
        const width = item.element.offsetWidth;
        const height = item.element.offsetHeight;
        const shift = item.offset ? item.offset + width / 2 : 0;
        // A point's name stands right of it, or left where the right is taken.
        for (const x of item.offset ? [shift, -shift] : [0]) {
          const box = [centre.x + x - width / 2, centre.y - height / 2, centre.x + x + width / 2, centre.y + height / 2];
          const free = taken.every((b) => box[2] < b[0] || b[2] < box[0] || box[3] < b[1] || b[3] < box[1]);
          if (!free) continue;
          taken.push(box);
          item.element.style.left = x + "px";
          item.element.style.visibility = "visible";
          break;
        }
      }
    };

    scene.begin = function () {
      labels.sort((a, b) => a.rank - b.rank);
      for (const item of labels) item.marker.addTo(map);
      for (const item of items.values()) if (item.on) scene.show(item.id, true);
      restyleReaches();
      scene.restack();
      scene.declutter();
      map.on("zoomend moveend resize", scene.declutter);
    };
    return scene;
  };

  // Texts of tooltips ---------------------------------------------------------------------------
  br.minutesText = (value, word) =>
    value === null ? word("not_reached") : br.fixed(value, 1) + " " + word("minutes");

  br.countyText = function (row, word) {
    const e = br.element;
    return e("div", {},
      e("strong", {}, row.name), " ", e("span", { className: "br-muted" }, row.province),
      e("div", {}, word("neighbours") + " " + row.neighbours + " · " + word("border_length") + " " + br.fixed(row.km, 1) + " km"),
      row.times.map((time) => e("div", {},
        word("to") + " " + time.name + "：", br.minutesText(time.base, word), " → ", br.minutesText(time.after, word),
        time.change === null ? "" : "（" + br.signed(time.change, 1) + "）")));
  };

  br.corridorText = function (row, word) {
    const e = br.element;
    return e("div", {},
      e("strong", {}, row.name),
      e("div", {}, word.of("mode", row.mode) + " · " + word.of("status", row.status) +
        (row.kph === null ? "" : " · " + word("design_speed") + " " + row.kph + " km/h")),
      e("div", {}, word("length") + " " + br.fixed(row.km, 1) + " km · " + word("stops") + " " + row.stops.length),
      e("div", { className: "br-muted" }, word("source") + "：" + row.source));
  };
})(borderreach);
