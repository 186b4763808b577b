// What a reader has asked: places, corridors, closed links and drawn lines; kept in the page's address, checked on the way back.
(function () {
  const MOST_LINES = 12;
  const MOST_STOPS = 60;
  const MOST_CLOSED = 500;
  const MOST_LETTERS = 60;

  /**
   * @param {PageContent & {whatIf: WhatIfContent}} data
   */
  br.makeWhatIfState = function (data) {
    const { corridors } = data.whatIf;
    const home = data.centres.map((row) => {
      const at = br.datum.onGround(row.at); // all that is drawn comes as it lies on the map
      return { id: row.id, name: row.name, home: at, at };
    });
    const state = /** @type {WhatIfState} */ ({ on: false, notice: "" });

    state.reset = function () {
      state.places = home.map((row) => Object.assign({}, row));
      state.here = null; // a place that was tapped, in place of all centres
      state.corridors = new Set();
      state.closed = new Set();
      state.lines = [];
      return state;
    };
    /** Where the circles begin. */
    state.starts = () => (state.here ? [state.here] : state.places);
    state.moved = () => !state.here && state.places.some((row) => row.at !== row.home);

    /** @param {Place} at */
    const round = (at) => at.map((value) => Number(value.toFixed(5)));
    state.text = () => JSON.stringify({
      p: state.places.map((row) => (row.at === row.home ? 0 : round(row.at))),
      h: state.here ? round(state.here.at) : 0,
      c: [...state.corridors].map((i) => corridors[i].id),
      x: [...state.closed],
      l: state.lines.map((line) => [line.name, line.mode, line.kph, line.perDay, line.stops.map((stop) => [stop.name, ...round(stop.at)]), ...(line.as ? [line.as] : [])]),
    });

    // Of a link that somebody else may have written: what doesn't fit is left aside.
    /** @type {(at: any) => at is Place} */
    const isPlace = (at) => Array.isArray(at) && at.length === 2 && at.every(Number.isFinite) && Math.abs(at[0]) <= 85 && Math.abs(at[1]) <= 540;
    /**
     * @param {unknown} text
     * @param {string} otherwise
     */
    const words = (text, otherwise) => (typeof text === "string" && text.trim() ? text.slice(0, MOST_LETTERS) : otherwise);
    /**
     * @param {any} value
     * @param {number} least
     * @param {number} most
     */
    const between = (value, least, most) => Number.isFinite(value) && value >= least && value <= most;
    state.read = function (text, links) {
      state.reset();
      let given;
      try { given = JSON.parse(text); } catch { return state; }
      if (given === null || typeof given !== "object") return state;
      /**
       * @param {any} value
       * @param {number} most
       * @returns {any[]}
       */
      const list = (value, most) => (Array.isArray(value) ? value.slice(0, most) : []);
      list(given.p, state.places.length).forEach((at, i) => { if (isPlace(at)) state.places[i].at = at; });
      if (isPlace(given.h)) state.here = { id: "", name: "", home: null, at: given.h };
      for (const id of list(given.c, 500)) {
        const i = corridors.findIndex((one) => one.id === id);
        if (i >= 0) state.corridors.add(i);
      }
      for (const link of list(given.x, MOST_CLOSED)) if (Number.isInteger(link) && link >= 0 && link < links) state.closed.add(link);
      for (const row of list(given.l, MOST_LINES)) {
        if (!Array.isArray(row) || !Object.hasOwn(br.STOP_KINDS, row[1]) || !between(row[2], 1, 400)) continue;
        const stops = list(row[4], MOST_STOPS)
          .filter((stop) => Array.isArray(stop) && isPlace([stop[1], stop[2]]))
          .map((stop, i) => ({ name: words(stop[0], String(i + 1)), at: /** @type {Place} */ ([stop[1], stop[2]]) }));
        state.lines.push({ name: words(row[0], "?"), mode: row[1], kph: row[2], perDay: between(row[3], 0.01, 1000) ? row[3] : null, stops, ...(Object.hasOwn(data.whatIf.lines.own, row[5]) ? { as: row[5] } : {}) });
      }
      return state;
    };
    /**
     * The pattern of a word with a number or a name in it, as it stands in any of the page's languages.
     * @param {string} key
     * @param {string} what
     */
    const patterns = (key, what) => Object.values(data.words).map((words) => new RegExp("^" + (words[key] || "").split(/\{\w+\}/)
      .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(what) + "$"));
    // Names that the page has given follow its language; the reader's own stay.
    state.speak = function (word) {
      /**
       * @param {string} name
       * @param {string} key
       */
      const numbered = (name, key) => {
        const n = patterns(key, "(\\d+)").map((pattern) => name.match(pattern)?.[1]).find(Boolean);
        return n === undefined ? name : word(key, { n });
      };
      for (const line of state.lines) {
        line.name = numbered(line.name, "wi_new_line");
        const own = line.as === undefined ? undefined : data.corridors.find((row) => row.id === line.as);
        if (own && patterns("wi_edited", "(.*)").some((pattern) => pattern.test(line.name))) line.name = word("wi_edited", { name: word.nameOf(own) }).slice(0, MOST_LETTERS);
        for (const stop of line.stops) stop.name = numbered(stop.name, "wi_stop");
      }
    };
    state.mostStops = MOST_STOPS;
    state.mostLines = MOST_LINES;
    return state.reset();
  };
})();
