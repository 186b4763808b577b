// The years of a panel: one at a time, with its circle, the minutes of every county in it, and what it comes to.
(function () {
  const e = br.element;
  const KIND = "year:";

  /**
   * @param {Scene} scene
   * @param {Drawing} draw
   * @param {PageContent & {years: Years}} data
   * @param {Word} word
   */
  br.makeYears = function (scene, draw, data, word) {
    const { years, centres } = data.years;
    /** @type {Map<number, {centre: number, minutes: number | null}[]>} */
    const minutesOf = new Map(data.counties.map((row, i) => {
      const numbers = br.unpackNumbers(data.years.minutes[i]);
      return [row.adcode, years.map((_, k) => ({ centre: numbers[2 * k], minutes: numbers[2 * k + 1] < 0 ? null : numbers[2 * k + 1] / 60000 }))];
    }));
    const style = data.style;
    const look = { line: style.circleLine, fill: br.ranked(style.circleFills, 1), opacity: 0.6 };
    const own = /** @type {YearsShown} */ ({ at: null, last: years.indexOf(data.years.today), look });
    /** @param {number} year */
    const rings = (year) => (data.years.circles[year] ? br.unpackLines(data.years.circles[year].shape, data.quantum) : []);
    const circle = L.layerGroup([]);
    scene.add("year-circle", br.ORDER.circles + 0.5, false, () => circle);

    /** @param {number} at */
    const colouring = (at) => KIND + years[at];
    /** @param {string} text */
    const read = (text) => (text.startsWith(KIND) ? years.indexOf(Number(text.slice(KIND.length))) : -1);
    own.colourings = () => years.map((_, at) => colouring(at));
    own.valueOf = (row, text) => minutesOf.get(row.adcode)?.[read(text)].minutes ?? null;
    own.year = () => (own.at === null ? null : years[own.at]);
    own.text = (text) => word("year_colour", { year: years[read(text)], centre: word("nearest") });
    // A year as the reader sees it: its circle instead of the study's own, and the lines that are open by then.
    own.set = function (at) {
      const before = own.at;
      if (at === null) {
        if (before === null) return;
        own.at = null;
        own.last = before;
        scene.show("year-circle", false);
        circle.clearLayers();
        scene.showCircles(true);
        scene.colouring = own.colouring || "none";
        redrawRoads();
        scene.setView(scene.view);
        return;
      }
      if (before === null) {
        own.colouring = scene.colouring;
        if (scene.view === "split") scene.setView("compare");
        scene.showCircles(false);
      }
      own.at = at;
      circle.clearLayers();
      const shape = rings(years[at]);
      // The rings are edges; what lies in an odd number of them is inside.
      if (shape.length) circle.addLayer(L.polygon([shape], draw.fixed({ color: look.line, weight: 1.6, fillColor: look.fill, fillOpacity: look.opacity })));
      scene.show("year-circle", true);
      for (const row of data.corridors) {
        const opening = data.years.openings[row.id];
        scene.show("corridor-" + row.id, years[at] > data.years.today && opening !== undefined && opening <= years[at]);
      }
      redrawRoads();
      scene.recolour(colouring(at));
    };
    const redrawRoads = () => { if (scene.repaintRoads) scene.repaintRoads(); };
    own.figures = function () {
      const at = own.at === null ? own.last : own.at;
      const inside = data.years.circles[years[at]];
      const people = data.years.people[at];
      return [
        data.years.mean[at] === null ? "" : word("year_mean", { minutes: br.fixed(data.years.mean[at], 0), n: data.years.inside[at], cutoff: data.circleMin }),
        inside ? word("year_circle", { area: br.area(inside.area), people: br.many(inside.people, "unit_people", word) }) : "",
        people === null ? "" : word("year_people", { people: br.many(people, "unit_people", word) }),
      ].filter(Boolean).join(word("finding_join"));
    };
    // Minutes of a county in every year, for its panel; and in the year that is shown, for its tooltip.
    own.rowOf = function (row) {
      const found = minutesOf.get(row.adcode) || [];
      if (found.every((each) => each.minutes === null)) return null;
      return e("div", { className: "br-years-of" },
        e("h3", {}, word("year_nearest")),
        e("table", {},
          e("thead", {}, e("tr", {}, years.map((year, k) => e("th", { scope: "col", className: k === own.at ? "br-now" : "" }, year)))),
          e("tbody", {}, e("tr", {}, found.map((each, k) => e("td", { className: "br-number" + (k === own.at ? " br-now" : "") },
            each.minutes === null ? "–" : br.fixed(each.minutes, 0)))))),
        e("p", { className: "br-muted" }, since(found.map((each) => each.minutes))));
    };
    /**
     * When a county came into the circle, for good.
     * @param {(number | null)[]} minutes of each year
     */
    function since(minutes) {
      /** @param {number | null} value */
      const outside = (value) => value === null || value > data.circleMin;
      const first = minutes.length - [...minutes].reverse().findIndex(outside);
      if (!minutes.some(outside)) return word("year_always", { minutes: data.circleMin });
      if (first === minutes.length) return word("year_never", { minutes: data.circleMin, year: years[first - 1] });
      return word("year_since", { year: years[first], before: years[first - 1], minutes: data.circleMin });
    }
    own.tipOf = function (row) {
      const found = minutesOf.get(row.adcode);
      if (own.at === null || !found) return null;
      const { centre, minutes } = found[own.at];
      return e("div", {}, e("strong", {}, years[own.at]), word("colon"), br.minutesText(minutes, word),
        minutes === null ? "" : word.aside(word.place(centres[centre])));
    };

    /**
     * Its place in the list of layers; `still` keeps that from being drawn anew under a finger that still drags.
     * @param {(act: () => void) => void} still
     * @param {() => void} redraw
     */
    own.control = function (still, redraw) {
      const on = own.at !== null;
      const at = own.at ?? own.last;
      return e("div", { className: "br-slider br-years" + (on ? "" : " br-off") },
        e("label", { className: "br-box" },
          e("input", {
            type: "checkbox", checked: on, "data-slider": "year-on", "aria-label": word("year_all"),
            onchange: (event) => own.set(event.target.checked ? at : null),
          }), word("year_show"), e("output", {}, on ? years[at] : "")),
        e("input", {
          type: "range", min: 0, max: years.length - 1, step: 1, value: at, "data-slider": "year",
          "aria-label": word("year_all"), "aria-valuetext": String(years[at]),
          oninput: (event) => {
            still(() => own.set(Number(event.target.value)));
            const around = /** @type {Element} */ (event.target.closest(".br-slider"));
            event.target.setAttribute("aria-valuetext", String(own.year()));
            around.classList.remove("br-off");
            /** @type {HTMLInputElement} */ (br.find(around, "input[type=checkbox]")).checked = true;
            br.find(around, "output").textContent = String(own.year());
            br.find(around, ".br-slider-area").textContent = own.figures();
          },
          onchange: redraw,
        }),
        e("div", { className: "br-ticks", "aria-hidden": "true" }, years.map((year) => e("span", {}, year))),
        e("p", { className: "br-muted br-slider-area", role: "status" }, on ? own.figures() : ""),
        on ? e("p", { className: "br-muted" }, word("year_note")) : null);
    };
    return own;
  };
})();
