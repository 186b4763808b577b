// What the study found, before any control: one sentence and two numbers.
(function () {
  const e = br.element;
  const MOST_NAMES = 3;
  const LEAST_GAIN = 0.001; // of a circle's area: less is no finding

  /**
   * @param {PageContent} data the page's content
   * @param {Word} word
   * @returns {HTMLElement | null} nothing where there is no circle
   */
  br.makeFinding = function (data, word) {
    const row = data.circles.reduce((/** @type {CircleRow | null} */ most, each) => (most === null || each.minutes > most.minutes ? each : most), null);
    if (!row || row.baseKm2 === null) return null;
    const names = data.centres.map((each) => word.place(each.name));
    const centres = names.length <= MOST_NAMES ? names.join(word("and")) : word("finding_centres", { n: names.length });
    const gain = row.afterKm2 === null ? null : row.afterKm2 - row.baseKm2;
    const same = gain !== null && Math.abs(gain) < LEAST_GAIN * row.baseKm2;
    const people = row.people && row.people[0] !== null ? /** @type {[number, number | null]} */ (row.people) : null;
    const more = people && people[1] !== null ? people[1] - people[0] : null;
    /** @param {number} value */
    const thousands = (value) => Math.round(Math.abs(value)).toLocaleString("en-US");
    // The county whose way to a centre shortens most.
    /** @type { {county: County, time: CountyTime, change: number, base: number, after: number} | null } */
    let best = null;
    for (const county of data.counties) {
      for (const time of county.times) {
        const { change, base, after } = time;
        if (change !== null && base !== null && after !== null && (best === null || change < best.change)) best = { county, time, change, base, after };
      }
    }
    const told = [word(people ? "finding_circle" : "finding_circle_area", { centres, minutes: row.minutes, people: people ? br.many(people[0], "unit_people", word) : br.area(row.baseKm2) })];
    if (gain !== null) {
      told.push(same ? word("finding_same") : word(gain > 0 ? "finding_more" : "finding_less", { km2: thousands(gain) }));
      if (best && best.change <= -0.5) {
        told.push(word("finding_county", { county: word.place(best.county.name), centre: word.place(best.time.name), base: br.fixed(best.base, 0), after: br.fixed(best.after, 0) }));
      }
    }
    const first = data.corridors.find((each) => each.build && each.build.step === 1);
    if (first) told.push(word("finding_first", { line: word.nameOf(first) }));
    /**
     * @param {string} value
     * @param {string} label
     */
    const figure = (value, label) => e("div", {}, e("strong", {}, value), e("span", {}, label));
    // Counties of the border that lie in the circle, as the tables have it where it's the study's own.
    /** @param {CountyTime} time */
    const within = (time) => (row.minutes === data.circleMin ? time.baseIn : time.base !== null && time.base <= row.minutes);
    const inside = data.counties.filter((county) => county.times.some(within)).length;
    /** @type {[string, string]} */
    const second = gain === null && people && !data.counties.length ? [br.area(row.baseKm2), word("finding_area", { minutes: row.minutes })]
      : same && best && best.change <= -0.5 && (more === null || Math.round(more / 1e4) === 0) ? ["−" + br.fixed(-best.change, 0) + " " + word("minutes"), word("finding_saved", { county: word.place(best.county.name), centre: word.place(best.time.name) })]
      : gain === null ? [inside + " / " + data.counties.length, word("finding_inside", { minutes: row.minutes })]
      : more !== null && Math.round(more / 1e4) !== 0 ? [(more < 0 ? "−" : "+") + br.many(Math.abs(more), "unit_people", word), word("finding_gain")]
        : [br.signed(gain, 0).replace(/\B(?=(\d{3})+$)/g, ",") + " km²", word("finding_gain")];
    /** @type {[string, string]} */
    const most = people ? [br.many(people[0], "unit_people", word), word("finding_people", { minutes: row.minutes })]
      : [br.area(row.baseKm2), word("finding_area", { minutes: row.minutes })];
    return e("div", { className: "br-finding" }, e("p", {}, told.join(word("finding_join")) + word("finding_end")), e("div", { className: "br-finding-figures" }, figure(...most), figure(...second)));
  };
})();
