// The list of layers, which is the legend, and a short legend of what is seen for paper and small screens.
(function () {
  const e = br.element;
  /** @type {[Column, string][]} */
  const COLUMNS = [["base", "fill"], ["after", "outline"], ["gained", "hatch"]];

  br.swatch = function (kind, look) {
    /** @type { {[name: string]: string | number} } */
    const style = {};
    if (kind === "fill" && look.dots) {
      style.background = `radial-gradient(${look.dots} 1.2px, transparent 1.6px) 0 0 / 5px 5px`;
      style.border = "1.5px solid " + look.line;
    } else if (kind === "fill" && look.opacity === 0) {
      style.border = Math.round(look.weight) + "px solid " + look.line;
    } else if (kind === "fill") {
      style.backgroundColor = look.fill;
      style.opacity = Math.max(0.35, look.opacity);
      style.border = "1px solid " + look.line;
    } else if (kind === "outline") {
      style.border = "2px dashed " + look.after;
    } else if (kind === "hatch") {
      return hatched(look);
    } else {
      Object.assign(style, look);
    }
    return e("span", { className: "br-swatch", style, "aria-hidden": "true" });
  };

  /**
   * @param {string} className
   * @param {string} viewBox
   * @param { {[name: string]: string | number}[] } lines
   */
  function drawing(className, viewBox, lines) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    for (const [name, value] of Object.entries({ class: className, viewBox, "aria-hidden": "true" })) svg.setAttribute(name, value);
    for (const values of lines) {
      const line = document.createElementNS(space, "line");
      for (const [name, value] of Object.entries(values)) line.setAttribute(name, String(value));
      svg.append(line);
    }
    return svg;
  }
  /**
   * Lines rather than a gradient, which printers blur.
   * @param { {[name: string]: any} } look
   */
  function hatched(look) {
    const lines = [];
    for (let x = -12; x < 22; x += 5) {
      const [y1, y2] = look.rising ? [12, 0] : [0, 12];
      lines.push({ x1: x, y1, x2: x + 12, y2, stroke: look.hatch, "stroke-width": 1.5 });
    }
    const svg = drawing("br-swatch", "0 0 22 12", lines);
    svg.style.border = "1px solid " + look.hatch;
    return svg;
  }
  br.lineSwatch = function (look) {
    /** @type { {[name: string]: string | number} } */
    const line = { x1: 0, x2: 34, y1: 5, y2: 5, stroke: look.color, "stroke-width": look.weight };
    if (look.dashArray) line["stroke-dasharray"] = look.dashArray;
    return drawing("br-line", "0 0 34 10", [line]);
  };

  br.makeLegend = function (data, scene, word, names) {
    const legend = /** @type {Legend} */ ({});
    const { isOn } = scene;

    // One layer: its box, its swatch and its name.
    legend.box = function (id, text, ...content) {
      const item = id && scene.items.get(id);
      if (!item) return null;
      return e("label", { className: "br-box" + (item.on ? "" : " br-off"), title: text },
        e("input", {
          type: "checkbox", checked: item.on, "aria-label": text, "data-layer": id,
          onchange: (event) => scene.toggle(id, event.target.checked),
        }),
        ...content);
    };
    /** @param {Reach} row */
    const gainText = (row) =>
      row.baseKm2 === null || row.afterKm2 === null ? ""
        : word.aside(br.signed(row.afterKm2 - row.baseKm2, 0).replace(/\B(?=(\d{3})+$)/g, ","));
    /** @param {Reach} row */
    const areaText = (row) => br.area(row.baseKm2) + (row.afterKm2 === null ? "" : " → " + br.area(row.afterKm2) + gainText(row));
    legend.areaText = areaText;
    /** @param {Entry["row"]} row */
    const peopleText = function (row) {
      if (!row.people || row.people[0] === null) return null;
      const [base, after] = row.people;
      return e("div", {}, after === null ? br.many(base, "unit_people", word)
        : br.many(base, "", word) + " → " + br.many(after, "unit_people", word));
    };

    /** @param {Entry["row"]} row */
    const changes = (row) => row.edge.length > 0 && (row.baseKm2 === null || row.afterKm2 === null || Math.round(row.afterKm2 - row.baseKm2) !== 0);

    legend.rows = function (entry, text) {
      const off = scene.isShown(entry) ? "" : " br-off-row";
      return [
        e("tr", { className: off },
          e("th", { scope: "row" }, text),
          COLUMNS.map(([column, kind]) => e("td", {}, legend.box(entry.names[column], text + " " + word(column), br.swatch(kind, entry.look))))),
        e("tr", { className: "br-figures" + off }, e("td", { colspan: "4" }, areaText(entry.row), peopleText(entry.row))),
      ];
    };
    legend.table = (rows) => e("table", { className: "br-reach" },
      e("thead", {}, e("tr", {}, e("td", {}), e("th", { scope: "col", title: names.base() }, word("base")),
        data.scenario ? e("th", { scope: "col", title: names.scenario() }, word("after")) : null,
        data.scenario ? e("th", { scope: "col" }, word("gained")) : null)),
      e("tbody", {}, rows));

    legend.classes = function () {
      if (scene.colouring === "none") return null;
      const { breaks, colours, labels, unit } = scene.classes(scene.colouring);
      const counts = colours.map(() => 0);
      for (const row of data.counties) {
        const value = scene.valueOf(row, scene.colouring);
        if (value !== null) counts[br.classOf(value, breaks)] += 1;
      }
      return e("div", { className: "br-classes" }, labels[word.state.language].map((text, i) => e("div", {},
        br.swatch("plain", { backgroundColor: colours[i], border: "1px solid #777" }),
        text + (unit ? " " + word(unit) : "") + "　", e("span", { className: "br-muted" }, counts[i]))));
    };

    // What is seen, nothing else: for paper, and where the list of layers is folded.
    legend.short = function () {
      /** @type {HTMLElement[]} */
      const rows = [];
      /**
       * @param {Content} symbol
       * @param {string} text
       */
      const entry = (symbol, text) => rows.push(e("div", { className: "br-entry" }, symbol, text));
      /** @type {(...given: [Entry, string]) => [Entry, string]} */
      const shown = (...given) => given;
      const reaches = [
        ...scene.circles.map((each) => shown(each, word("circle_of", { minutes: each.row.minutes }))),
        ...(scene.slider ? [shown(scene.slider, word("circle_of", { minutes: scene.slider.row.minutes }))] : []),
        ...scene.railCircles.map((each) => shown(each, word("circles_by_rail") + " " + word("circle_of", { minutes: each.row.minutes }))),
        ...scene.centreCircles.map((each) => shown(each, word.place(each.row.name) + " " + word("circle_of", { minutes: each.row.minutes }))),
        ...(scene.allZones ? [shown(scene.allZones, word("zones"))] : []),
      ];
      for (const [each, text] of reaches) {
        for (const [column, kind] of COLUMNS) {
          // Filled where it stands alone, else an edge on the one before.
          const filled = column === "after" && (scene.split.on || !isOn(each.names.base));
          // where nothing changes there is neither a new edge nor an area gained to be seen
          if (!filled && column !== "base" && !changes(each.row)) continue;
          if (isOn(each.names[column])) entry(br.swatch(filled ? "fill" : kind, filled ? Object.assign({}, each.look, { line: each.look.after }) : each.look), text + " " + word(column).toLowerCase());
        }
      }
      if (scene.years && isOn("year-circle")) entry(br.swatch("fill", scene.years.look), word("past", { year: scene.years.year(), cutoff: data.circleMin }));
      for (const row of data.corridors) {
        if (isOn("corridor-" + row.id)) entry(br.lineSwatch(scene.corridorLook(row)), word.nameOf(row) + word.aside(word.of("status", row.status)));
      }
      for (const [id, symbol, text] of [...legend.border(), ...legend.changes(), ...legend.ground()]) if (isOn(id) && id !== "county-names") entry(symbol, text);
      if (isOn("claims")) rows.push(...legend.verdicts(data.claims.filter((row) => row.at)));
      const classes = isOn("counties") ? legend.classes() : null;
      if (classes) rows.push(e("div", { className: "br-entry" }, legend.colouringText()), classes);
      return rows;
    };
    legend.colouringText = function (colouring = scene.colouring) {
      const [kind, id] = colouring.split(/:(.*)/s);
      if (kind === "year") return scene.years ? scene.years.text(colouring) : "";
      const measure = scene.measureOf(id);
      if (measure) {
        const figure = word("measure_" + measure.key, { minutes: data.circleMin, theta: measure.theta });
        return word("figure_" + kind, { figure, scenario: word("after").toLowerCase() });
      }
      const centre = data.timeCentres.find((each) => each.id === id);
      return word("colour_" + kind, { centre: centre ? word.place(centre.name) : word("nearest"), scenario: word("after").toLowerCase() });
    };
    legend.verdicts = (rows = data.claims) => Object.keys(br.VERDICT_SHAPES).map((verdict) => {
      const count = rows.filter((row) => row.verdict === verdict).length;
      return count ? e("div", { className: "br-entry" }, br.claimSign({ verdict }, data.style), word.of("verdict", verdict), " ", e("span", { className: "br-muted" }, count)) : null;
    }).filter(Boolean);
    /** @type {(...given: LegendRow) => LegendRow} */
    const row = (...given) => given;
    legend.changes = () => data.changes.map((each) => row("change-" + each.id, br.signSwatch("square", data.style.changeLine, "#333333"), each.name));
    legend.border = () => [
      ...(data.crossings.length ? [row("crossings", br.signSwatch("diamond", data.style.crossingFill, "#333333"), word("crossings") + " " + data.crossings.length)] : []),
      ...(data.gaps.length ? [row("gaps", br.signSwatch("triangle", data.style.gapLine, "#333333"), word("gaps") + " " + data.gaps.length)] : []),
      ...(data.critical.length ? [row("critical", br.lineSwatch({ color: data.style.criticalLine, weight: 4 }), word("critical") + " " + data.critical.length)] : []),
      ...(data.missing.length ? [row("missing", br.lineSwatch({ color: data.style.missingLine, weight: 3, dashArray: "8 6" }), word("missing") + " " + data.missing.length)] : []),
      ...["across", "within"].filter((side) => scene.items.has("links-" + side)).map((side) => row("links-" + side, br.lineSwatch({ color: data.style.linkLines[side], weight: 4 }), word("links_" + side))),
      ...data.past.map((each) => row("past-" + each.year, br.lineSwatch({ color: data.style.pastLine, weight: 2, dashArray: "2 5" }), word("past", { year: each.year, cutoff: each.cutoff }))),
    ];
    legend.ground = () => [
      ...(data.whatIf ? [row("roads", ...br.roadsInLegend(data, scene, word))] : []),
      row("counties", br.swatch("plain", { border: "1px solid " + data.style.countyLine }), word("counties") + " " + data.counties.length),
      row("county-names", e("span", { className: "br-swatch br-letter", "aria-hidden": "true" }, "县"), word("county_names")),
      row("borders", br.lineSwatch({ color: data.style.borderLine, weight: 2, dashArray: "9 4 2 4" }), word("border")),
      row("junctions", br.swatch("plain", { border: "2px solid " + data.style.borderLine, borderRadius: "50%", width: "9px", height: "9px" }), word("junctions")),
      ...(data.centres.length ? [row("centres", br.swatch("plain", { backgroundColor: data.style.centreFill, borderRadius: "50%", width: "10px", height: "10px" }), word("centre") + " " + data.centres.length)] : []),
      row("provinces", br.swatch("plain", { backgroundColor: data.style.land, border: "1px solid " + data.style.provinceLine }), word("provinces")),
      ...(data.baseMap ? [row("tiles", br.swatch("plain", { border: "1px solid #777", background: "linear-gradient(45deg, #cfe3c5 50%, #f3e9c9 50%)" }), word("base_map") + " " + data.baseMap.name)] : []),
    ];
    return legend;
  };
})();
