// Circles and zones: before, after and what is gained.
(function () {
  br.addReaches = function (scene, draw, data) {
    const style = data.style;
    /** @type {Entry[]} */
    const reaches = [];
    /**
     * `entry.row` may be exchanged for another one (the slider does), so it is read when a layer is made.
     * @param {string} prefix
     * @param {Entry["row"]} row
     * @param {number} rank
     * @param {number} rows
     * @param {Column[]} on
     * @param {ReachLook} look
     */
    function reach(prefix, row, rank, rows, on, look) {
      const depth = rank / (rows + 1);
      /** @type {Entry} */
      const entry = { row, look, depth, names: {} };
      /** @param {Column} column */
      const has = (column) => row[column].length > 0 || prefix === "slider";
      const make = {
        base: () => draw.reachArea(entry.row.base, draw.fixed({ color: look.line, weight: look.weight, fillColor: look.fill })),
        after: () => {
          entry.whole = draw.reachArea(entry.row.after, draw.fixed({ color: look.after, weight: 1.6, fillColor: look.fill }));
          entry.edge = draw.reachLine(entry.row.edge, draw.fixed({ color: look.after, weight: 2, dashArray: "6 4" }));
          return L.layerGroup([entry.whole, entry.edge]);
        },
        gained: () => draw.reachArea(entry.row.gained, draw.fixed({ stroke: false, fillColor: draw.hatch(look.hatch, look.rising), fillOpacity: 1 })),
      };
      const order = { base: look.order + 0.5 - depth / 2, after: br.ORDER.outlines - depth, gained: look.order + 0.99 - depth / 2 };
      for (const column of /** @type {const} */ (["base", "after", "gained"])) {
        if (!has(column)) continue;
        const id = entry.names[column] = prefix + "-" + column;
        scene.add(id, order[column], on.includes(column), make[column], br.SIDES[column]);
      }
      reaches.push(entry);
      return entry;
    }
    // Beside the circle before, only the new stretches of edge are drawn of the one after; else all of it.
    scene.restyleReaches = function () {
      for (const { names, look, depth, whole, edge } of reaches) {
        const fillOpacity = look.opacity * (scene.isOn("tiles") ? 0.7 : 1);
        if (names.base && scene.isOn(names.base)) scene.items.get(names.base)?.layer.setStyle({ fillOpacity });
        const item = names.after && scene.isOn(names.after) && scene.items.get(names.after);
        if (!item || !whole || !edge) continue;
        const alone = scene.split.on || !scene.isOn(names.base);
        item.order = alone ? look.order + 0.5 - depth / 2 : br.ORDER.outlines - depth;
        const [shown, other] = alone ? [whole, edge] : [edge, whole];
        whole.setStyle({ fillOpacity });
        item.layer.removeLayer(other);
        item.layer.addLayer(shown);
      }
    };
    /** @type {Column[]} */
    const shownFirst = data.scenario ? ["base", "after", "gained"] : ["base"];
    const minutes = [...new Set(data.circles.map((row) => row.minutes))];
    /** @param {number} rank */
    const circleLook = (rank) => ({
      order: br.ORDER.circles, line: style.circleLine, weight: 0.8, fill: br.ranked(style.circleFills, rank),
      opacity: 0.75, after: style.scenarioLine, hatch: br.ranked(style.gainLines, rank), rising: true,
    });
    scene.circles = data.circles.map((row) => {
      const rank = minutes.indexOf(row.minutes);
      return reach("circle-" + row.minutes, row, rank, minutes.length, shownFirst, circleLook(rank));
    });
    scene.railCircles = data.railCircles.map((row, rank, all) => reach("rail-" + row.minutes, row, rank, all.length, [], {
      // Inside the circles with trains, and so drawn above them as lines alone.
      order: br.ORDER.roadCircles, line: style.railLine, weight: rank ? 1.8 : 2.8, fill: br.ranked(style.railFills, rank),
      opacity: 0, after: style.railLine, hatch: style.railLine, rising: false,
    }));
    scene.slider = data.slider.length ? reach("slider", data.slider[0], 0, 1, [], circleLook(1)) : null;
    scene.centreCircles = data.centreCircles.map((row) => {
      const rank = [...new Set(data.centreCircles.map((other) => other.minutes))].indexOf(row.minutes);
      const centre = Math.max(0, data.centres.findIndex((other) => other.id === row.key));
      const colour = br.ranked(style.centreLines, centre);
      return reach("centre-" + row.key + "-" + row.minutes, row, rank, 4, [], {
        order: br.ORDER.gained, line: colour, weight: 1.8, fill: colour, opacity: 0.12, after: colour,
        hatch: colour, rising: centre % 2 === 0,
      });
    });
    const zoneLook = {
      order: br.ORDER.zones, line: style.zoneFill, weight: 1.8, fill: draw.dots(style.zoneFill), dots: style.zoneFill, opacity: 1,
      after: style.zoneScenarioLine, hatch: style.zoneScenarioLine, rising: false,
    };
    scene.allZones = data.allZones && reach("zones", data.allZones, 0, 1, [], zoneLook);
    scene.isShown = ({ names }) => Object.values(names).some(scene.isOn);
    /**
     * @param {Entry} entry
     * @param {Column[]} columns
     */
    function showColumns(entry, columns) {
      for (const [column, id] of Object.entries(entry.names)) scene.show(id, columns.includes(/** @type {Column} */ (column)));
    }
    scene.showReaches = function (view) {
      for (const entry of reaches) if (scene.isShown(entry)) showColumns(entry, br.COLUMNS[view]);
    };
    // The study's own circles as the view has them, or none, while something else stands in their place.
    scene.showCircles = function (on) {
      scene.minutes = null;
      for (const entry of scene.circles) showColumns(entry, on ? br.COLUMNS[scene.view] : []);
      if (scene.slider) showColumns(scene.slider, []);
    };
    // One circle of any minutes instead of the study's own; null brings these back.
    scene.setMinutes = function (value) {
      if (scene.years) scene.years.set(null);
      scene.minutes = value;
      for (const entry of scene.circles) showColumns(entry, value === null ? br.COLUMNS[scene.view] : []);
      const { slider } = scene;
      const row = data.slider.find((each) => each.minutes === value);
      if (slider) showColumns(slider, []);
      if (slider && row) {
        slider.row = row;
        for (const id of Object.values(slider.names)) /** @type {SceneItem} */ (scene.items.get(id)).layer = null;
        showColumns(slider, br.COLUMNS[scene.view]);
      }
      scene.refresh();
    };
  };
})();
