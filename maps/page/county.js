// What is known of a county, as a tooltip and as a panel, and of a corridor; figures are the tables' own.
(function () {
  const e = br.element;
  const MOST_IN_TOOLTIP = 3;

  br.minutesText = (value, word) =>
    value === null ? word("not_reached") : br.fixed(value, 1) + " " + word("minutes");

  /**
   * @param {County} row
   * @param {"base" | "after"} key
   */
  const nearest = (row, key) => {
    const values = row.times.flatMap((time) => time[key] ?? []);
    return values.length ? Math.min(...values) : null;
  };

  /**
   * Of many centres the nearest come first.
   * @param {CountyTime[]} times
   */
  const nearestFirst = (times) => (times.length <= MOST_IN_TOOLTIP ? times : [...times].sort((a, b) => (a.base ?? Infinity) - (b.base ?? Infinity)));

  br.countyText = function (row, word, years, planned) {
    const times = nearestFirst(row.times).slice(0, MOST_IN_TOOLTIP);
    return e("div", {},
      e("strong", {}, word.place(row.name)), " ", e("span", { className: "br-muted" }, word.place(row.province)),
      row.neighbours ? e("div", {}, word("neighbours") + " " + word.places(row.neighbours) + " · " + word("border_length") + " " + row.km + " km") : null,
      times.map((time) => e("div", {},
        word("to") + " " + word.place(time.name) + word("colon"), br.minutesText(time.base, word), ...(planned ? [" → ", br.minutesText(time.after, word),
        time.change === null ? "" : word.aside(br.signed(time.change, 1))] : []))),
      years ? years.tipOf(row) : null);
  };

  br.corridorText = function (row, word) {
    return e("div", {},
      e("strong", {}, word.nameOf(row)),
      e("div", {}, word.of("mode", row.mode) + " · " + word.of("status", row.status) +
        (row.kph === null ? "" : " · " + word("design_speed") + " " + row.kph + " km/h")),
      e("div", {}, word("length") + " " + br.fixed(row.km, 1) + " km · " + word("stops") + " " + row.stops.length),
      row.build ? e("div", {}, word(row.build.step ? "build_step" : "build_none", Object.assign({}, row.build, { objective: word("build_" + row.build.objective) }))) : null,
      e("div", { className: "br-muted" }, word("source") + word("colon") + row.source));
  };
  // ① for what is built first, where an order is known.
  br.stepOf = (row) => (row.build && row.build.step ? String.fromCodePoint(0x245f + Math.min(row.build.step, 20)) + " " : "");

  br.drawCounty = function (panel, row, data, scene, word) {
    panel.hidden = !row;
    if (!row) return panel.replaceChildren();
    const cutoffs = data.circles.map((each) => each.minutes).sort((a, b) => a - b);
    /** @param {boolean} value */
    const inside = (value) => word(value ? "inside" : "outside", { minutes: cutoffs[cutoffs.length - 1] });
    /** @param {number | null} minutes */
    const circle = function (minutes) {
      const found = minutes === null ? undefined : cutoffs.find((cutoff) => minutes <= cutoff);
      return found === undefined ? word("outside", { minutes: cutoffs[cutoffs.length - 1] }) : word("circle_of", { minutes: found });
    };
    const place = [row.city, row.province].filter((value, i, all) => value && all.indexOf(value) === i);
    /**
     * @param {number | null} value
     * @param {boolean} isIn
     */
    const cell = (value, isIn) => e("td", {}, br.minutesText(value, word), cutoffs.length ? e("small", {}, inside(isIn)) : null);
    panel.replaceChildren(
      e("div", { className: "br-row br-head" },
        e("h2", {}, word.place(row.name), " ", e("span", { className: "br-muted" }, [...place.map(word.place), row.adcode].join(" · "))),
        e("button", { type: "button", "aria-label": word("close"), className: "br-close", onclick: () => scene.select(null) }, "×")),
      row.neighbours
        ? e("p", {}, word("neighbours") + word("colon") + word.places(row.neighbours) + "　" + word("border_length") + word("colon") + row.km + " km") : "",
      row.times.length && cutoffs.length
        ? e("p", {}, word("circle_here") + word("colon") + circle(nearest(row, "base")) +
            (data.scenario ? " → " + circle(nearest(row, "after")) : "")) : "",
      row.times.length ? e("table", {},
        e("caption", { className: "br-hidden" }, word("minutes_to_centres")),
        e("thead", {}, e("tr", {}, [word("centre"), word("base"), ...(data.scenario ? [word("after"), word("change")] : [])].map((text) => e("th", { scope: "col" }, text)))),
        e("tbody", {}, nearestFirst(row.times).map((time) => e("tr", {},
          e("th", { scope: "row" }, word.place(time.name)), cell(time.base, time.baseIn),
          ...(data.scenario ? [cell(time.after, time.afterIn), e("td", { className: "br-number" }, br.signed(time.change, 1))] : []))))) : "",
      (scene.years && scene.years.rowOf(row)) || "",
      row.figures ? figureTable(row.figures, data, word) : "",
      row.circles.length ? circleTable(row, data, word) : "",
      row.ways.length ? wayTable(row, word) : "",
      elsewhere(row, data) ? e("p", { className: "br-muted" }, word("reached_elsewhere", { minutes: data.circleMin })) : "",
      row.gains.length ? gainTable(row, data, scene, word) : "",
      zoneText(row, data, scene, word));
  };

  // Tens of thousands in Chinese, millions in English.
  br.many = function (value, unit, word) {
    if (value === null) return "–";
    // Modelled people: no more digits than mean something.
    const [divisor, digits] = word.state.language === "zh" ? [1e4, value >= 1e7 ? 0 : 1] : [1e6, value >= 1e7 ? 1 : 2];
    return (value / divisor).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }) + (unit ? " " + word(unit) : "");
  };
  /**
   * More people in reach although no centre is: they live in another direction.
   * @param {County} row
   * @param {PageContent} data
   */
  const elsewhere = (row, data) => data.scenario && row.figures && row.times.length > 0 && row.figures.reached[1] > row.figures.reached[0] &&
    row.times.every((time) => time.change === null || Math.abs(time.change) < 0.05);
  /**
   * @param {CountyFigures} figures
   * @param {PageContent} data
   * @param {Word} word
   */
  function figureTable(figures, data, word) {
    const { people, reached, potential, type, efficiency, equity } = figures;
    /**
     * @param {string} id
     * @param {(number | null)[]} values
     */
    const named = (id, values) => br.classNames(data, word, id, values);
    /** @param {number | null} value */
    const percent = (value) => (value === null ? "–" : br.fixed(100 * value, 1) + "%");
    /**
     * @param {string} name
     * @param {Content} text
     */
    const line = (name, text) => e("tr", {}, e("th", { scope: "row" }, name), e("td", {}, text));
    /**
     * @param {number | null} base
     * @param {number | null} after
     * @param {string} unit
     */
    const change = (base, after, unit) => (data.scenario && after !== base
      ? br.many(base, "", word) + " → " + br.many(after, unit, word) : br.many(base, unit, word));
    return e("div", { className: "br-figures-of" },
      e("h3", {}, word("indicators")),
      e("table", {}, e("tbody", {},
        line(word("people"), br.many(people, "unit_people", word)),
        line(word("measure_reached", { minutes: data.circleMin }), change(reached[0], reached[1], "unit_people")),
        line(word("measure_potential"), [change(potential[0], potential[1], "unit_potential"),
          data.scenario ? word.aside(br.signed(potential[2], 1) + "%") : ""]),
        line(word("measure_type"), named("~type", type)),
        equity ? line(word("measure_equity"), named("~equity", equity)) : "",
        data.scenario ? data.measures.filter((each) => each.key === "access" && figures[each.id][2] !== null).map((each) =>
          line(word("measure_access", { theta: each.theta }), br.signed(figures[each.id][2], 2) + "%")) : "",
        efficiency[0] === null ? "" : line(word("efficiency"), percent(efficiency[0])
          + (data.scenario && efficiency[1] !== efficiency[0] ? " → " + percent(efficiency[1]) : "")))));
  }

  // A class that has a name, today and with corridors where that is another.
  br.classNames = function (data, word, id, [base, after]) {
    /** @param {number | null} value */
    const name = (value) => (value === null ? "–" : data.classes[id].labels[word.state.language][value]);
    return name(base) + (data.scenario && after !== base ? " → " + name(after) : "");
  };
  /**
   * The national circles: the city of each, the minutes to it, and which are missed.
   * @param {County} row
   * @param {PageContent} data
   * @param {Word} word
   */
  function circleTable(row, data, word) {
    const limits = [60, 120, 180];
    /**
     * @param {string} key
     * @param {number} i
     */
    const line = function (key, i) {
      const sides = row.circles.filter((_, k) => k === i || (data.scenario && k === i + 3));
      const text = sides.map(({ city, minutes }) => (minutes === null || city === null ? word("not_reached") : word.place(city) + " " + br.minutesText(minutes, word)));
      const last = sides[sides.length - 1].minutes;
      return e("tr", {}, e("th", { scope: "row" }, word(key)),
        e("td", {}, [...new Set(text)].join(" → "), e("small", {}, word(last !== null && last <= limits[i] ? "inside" : "outside", { minutes: limits[i] }))));
    };
    return e("div", { className: "br-figures-of" }, e("h3", {}, word("measure_yardsticks")),
      e("table", {}, e("tbody", {}, ["circle_own", "circle_across", "circle_main"].map(line))));
  }

  /**
   * Minutes and money of the ways to the centre that is nearest by road, the least generalised cost first.
   * @param {County} row
   * @param {Word} word
   */
  function wayTable(row, word) {
    const heads = ["", word("minutes"), word("way_yuan"), word("way_generalised")];
    return e("div", { className: "br-figures-of" }, e("h3", {}, word("ways_to", { centre: word.place(row.ways[0].end) })),
      e("table", {}, e("thead", {}, e("tr", {}, heads.map((text) => e("th", { scope: "col" }, text)))),
        e("tbody", {}, row.ways.map(({ option, figures }) => e("tr", {}, e("th", { scope: "row" }, word("way_" + option)),
          figures.map((value) => e("td", { className: "br-number" }, br.fixed(value, 0))))))));
  }

  /**
   * @param {County} row
   * @param {PageContent} data
   * @param {Scene} scene
   * @param {Word} word
   */
  function gainTable(row, data, scene, word) {
    return e("div", { className: "br-gains" },
      e("h3", {}, word("gains_by_corridor", { n: data.timeCentres.length })),
      e("table", {}, e("tbody", {}, data.corridors.map((corridor, i) => e("tr", {},
        e("th", { scope: "row" }, br.lineSwatch(scene.corridorLook(corridor)), " ", word.nameOf(corridor)),
        e("td", { className: "br-number" }, br.signed(row.gains[i], 1) + " " + word("minutes")))))));
  }

  /**
   * @param {County} row
   * @param {PageContent} data
   * @param {Scene} scene
   * @param {Word} word
   */
  function zoneText(row, data, scene, word) {
    const zone = scene.zonesOf.get(String(row.adcode));
    if (!zone) return e("p", { className: "br-muted" }, word("no_zone"));
    /**
     * @param {string} name
     * @param {string} scenario
     * @param {number | null} km2
     */
    const line = function (name, scenario, km2) {
      const members = row.members[scenario] || [];
      return e("p", {}, name + " " + br.area(km2) + word("comma") + word("of_counties", { n: members.length }),
        members.length ? e("small", {}, word.places(members)) : null);
    };
    return e("div", {},
      e("h3", {}, br.swatch("fill", { dots: data.style.zoneFill, line: data.style.zoneFill }), word("zone_minutes", { minutes: zone.minutes })),
      line(word("base"), "base", zone.baseKm2),
      zone.afterKm2 === null || data.scenario === null ? null : line(word("after"), data.scenario, zone.afterKm2));
  }
})();
