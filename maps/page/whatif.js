// "What if": the reader moves centres, switches corridors, draws lines and cuts roads, and the circles follow at once.
(function () {
  const MOVING = 2; // cells of a circle's grid are so many times as wide as the package's own while something moves
  const LEAST_KM2 = 0.5; // of a change that is shown
  const LONGEST_MS = 20; // for all circles of one drawing; beyond, cells are made larger while something moves

  /** @typedef { {net: Network, today: Scenario, now: Scenario, counties: (Seat & Ways)[], canvas: ReturnType<Shared["makeWhatIfCanvas"]>, editor: Editor, panel: ReturnType<Shared["makeWhatIfPanel"]>, home: string | null} } Ready */
  /** @typedef { {circles: CircleFound[], nearest: (number | null)[][], between: (number | null)[][], places: Ways[], sureUntil: (k: number, place: Ways) => number, edge: number} } Reached */

  br.makeWhatIf = function (map, data, scene, word, panelElement, page) {
    const state = br.makeWhatIfState(data);
    const rules = data.whatIf;
    /** @type {Ready | null} */
    let ready = null; // made when it is first wanted
    let frame = 0;
    let coarse = 1;
    /** @type {Found | null} */
    let found = null;
    const whatIf = /** @type {WhatIf} */ ({ state, isOn: () => state.on });

    function prepare() {
      if (ready) return ready;
      const net = br.networkOf(data);
      const today = br.makeScenario(net, rules).set({ corridors: new Set(), closed: new Set(), lines: [] });
      const now = br.makeScenario(net, rules);
      const counties = rules.counties.map((row) => ({ ...row, ...br.accessOf(today, rules, row.at, true) }));
      const canvas = br.makeWhatIfCanvas(map, data.style);
      const tell = {
        moving: () => schedule(true), drawn: () => scene.labels.place(),
        done: () => {
          state.notice = "";
          scene.labels.place();
          schedule(false);
          panel.draw();
          page.save();
        },
      };
      /** @param {Drawn} line */
      const isSaved = (line) => !br.faultOf(line, rules.lines) && !now.loose.has(line);
      const editor = br.makeWhatIfEditor(map, data, net, state, word, tell);
      const panel = br.makeWhatIfPanel(panelElement, data, state, editor, word, {
        changed: () => { state.notice = ""; changed(); }, scenario: whatIf.scenario, nameOf: whatIf.nameOf, take: whatIf.take,
        valued: () => {
          editor.draw();
          schedule(false);
          page.save();
        },
        leave: () => whatIf.set(false), moved: () => schedule(false), look: scene.corridorLook, isLoose: (line) => now.loose.has(line), isSaved,
        saveCorridors: () => {
          const day = new Date().toISOString().slice(0, 10);
          br.saveText("corridors.toml", br.corridorFile(state.lines.filter(isSaved), rules.lines, day, word("wi_file_comment")), "application/toml");
        },
        saveShapes: () => br.saveText("what-if.geojson", br.whatIfGeoJson(state, found ? found.circles : []), "application/geo+json"),
      });
      ready = { net, today, now, counties, canvas, editor, panel, home: null };
      return ready;
    }
    function changed() {
      const { editor, panel } = prepare();
      rules.corridors.forEach((one, i) => scene.show("corridor-" + one.id, state.corridors.has(i)));
      scene.refresh();
      editor.draw();
      update(false);
      panel.draw();
      page.save();
    }

    /**
     * One drawing per frame, of what there is to draw by then.
     * @param {boolean} moving
     */
    function schedule(moving) {
      if (frame) cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => {
        frame = 0;
        update(moving);
      });
    }
    const cutoffs = rules.cutoffs;

    // Of a start that hasn't moved, in a scenario that hasn't changed, the last search still holds.
    /** @type {WeakMap<Scenario, {version: number, by: Map<string, {way: Ways, time: Int32Array}>}>} */
    const searched = new WeakMap();
    /**
     * @param {Scenario} scenario
     * @param {Place} at
     */
    function searchFrom(scenario, at) {
      let known = searched.get(scenario);
      if (!known || known.version !== scenario.version) searched.set(scenario, known = { version: scenario.version, by: new Map() });
      const key = at.join();
      let last = known.by.get(key);
      if (!last) {
        if (known.by.size > 40) known.by.clear();
        const way = br.accessOf(scenario, rules, at);
        known.by.set(key, last = { way, time: br.search(scenario, [way], Infinity) });
      }
      return last;
    }
    /** @type {WeakMap<Scenario, {version: number, time: Int32Array}>} */
    const edged = new WeakMap();
    /** @param {Scenario} scenario */
    function edgeTimes(scenario) {
      let known = edged.get(scenario);
      if (!known || known.version !== scenario.version) edged.set(scenario, known = { version: scenario.version, time: br.timesFromEdge(scenario) });
      return known.time;
    }
    /**
     * @param {Scenario} scenario
     * @param { {at: Place}[] } starts
     * @param {number} cell
     * @returns {Reached}
     */
    function reachOf(scenario, starts, cell) {
      const { counties } = prepare();
      const from = starts.map((row) => searchFrom(scenario, row.at));
      const ways = from.map((one) => one.way);
      const single = from.map((one) => one.time);
      const time = single.length === 1 ? single[0] : single[0].map((at, i) => single.reduce((least, each) => Math.min(least, each[i]), at));
      const pieces = ways.flatMap((way) => way.pieces);
      const nearest = single.map((each, k) => br.minutesTo(scenario, rules, each, starts[k].at, counties, ways[k].pieces));
      const seats = counties.map((_, i) => Math.min(...nearest.map((row) => row[i] ?? Infinity)));
      const circles = cutoffs.map((minutes, i) => {
        const limit = minutes * 60000;
        const discs = br.discsOf(scenario, rules, time, starts.map((row) => row.at), limit, pieces);
        const rings = br.edgeOf(discs, cell * rules.cellM[i]);
        return {
          minutes, rings, km2: br.ground.km2(rings), people: br.peopleIn(scenario, rules, starts.map((row, k) => ({ at: row.at, time: single[k] })), time, limit, discs, rules.cellM[i], rings),
          counties: seats.filter((least) => least <= minutes).length,
        };
      });
      // A way round outside the page's part leaves it and comes back: it takes the least of both at least.
      const inward = edgeTimes(scenario);
      const edges = single.map((each) => br.timeToEdge(scenario, each));
      /**
       * @param {number} k
       * @param {Ways} place
       */
      const sureUntil = (k, place) => {
        let least = Infinity;
        for (let i = 0; i < place.node.length; i += 1) least = Math.min(least, inward[place.node[i]] === br.UNREACHED ? Infinity : inward[place.node[i]] + place.ms[i]);
        return (edges[k] + least) / 60000;
      };
      const places = starts.map((row, k) => ({ at: row.at, ...(scenario.net.along.size ? br.accessOf(scenario, rules, row.at, true) : ways[k]) }));
      const between = single.map((each, k) => br.minutesTo(scenario, rules, each, starts[k].at, places, ways[k].pieces));
      return { circles, nearest, between, places, sureUntil, edge: Math.min(...edges) / 60000 };
    }

    /** @type { {key: string, reach: Reached} | null} */
    let kept = null;
    /**
     * @param {Scenario} today
     * @param { {at: Place}[] } starts
     * @param {number} cell
     */
    function reachToday(today, starts, cell) {
      const key = cell + ";" + starts.map((row) => row.at.join()).join(";");
      if (!kept || kept.key !== key) kept = { key, reach: reachOf(today, starts, cell) };
      return kept.reach;
    }

    /** @param {boolean} moving */
    function update(moving) {
      const { today, now, canvas, panel, counties } = prepare();
      if (!state.on) return;
      const began = performance.now();
      now.set(state);
      const starts = state.starts();
      const lat = starts.length ? starts.reduce((sum, row) => sum + row.at[0], 0) / starts.length : 30;
      const cell = (moving ? MOVING * coarse : 1) * br.ground.scale(lat); // times the package's own
      /** @type {Reached} */
      const reach = starts.length ? reachOf(now, starts, cell) : { circles: [], nearest: [], between: [], places: [], sureUntil: () => Infinity, edge: Infinity };
      // Today's network from the same places; where nothing differs there is nothing to compare.
      const before = now.changed && starts.length ? reachToday(today, starts, cell) : null;
      const circles = reach.circles.map((row, i) => ({
        ...row, now: row.rings, rank: i, before: before && { ...before.circles[i] },
      }));
      /**
       * @param {number} k
       * @param {Ways} place
       * @param {number | null} value
       * @param {number | null} earlier
       */
      const cellOf = (k, place, value, earlier) => ({
        now: value, before: earlier, sure: value === null || value <= reach.sureUntil(k, place),
      });
      const many = starts.length > 3;
      /**
       * @param {(number | null)[][]} rows
       * @param {number} i
       */
      const least = (rows, i) => {
        const known = rows.flatMap((row) => row[i] ?? []);
        return known.length ? Math.min(...known) : null;
      };
      found = {
        starts: many ? [word("nearest")] : starts.map((row) => word.label(row.name) || word("wi_here")), nStarts: starts.length, circles, nBorder: rules.nBorder,
        off: reach.places.flatMap((one, k) => (one.node.length ? [] : [word.place(starts[k].name) || word("wi_here")])),
        loose: state.lines.filter((line) => now.loose.has(line)).map((line) => line.name),
        beyond: cutoffs.length && reach.edge < cutoffs[cutoffs.length - 1] ? Math.floor(reach.edge) : 0,
        home: state.moved() ? homeArea() : null,
        between: many ? [] : starts.map((row, j) => ({
          name: word.label(row.name) || word("wi_here"), cells: starts.map((_, k) => cellOf(k, reach.places[j], k === j ? 0 : reach.between[k][j], k === j ? 0 : before && before.between[k][j])),
        })),
        counties: counties.slice(0, rules.nBorder).map((row, i) => ({
          name: word.label(row.name),
          cells: many ? [cellOf(0, row, least(reach.nearest, i), before && least(before.nearest, i))]
            : reach.nearest.map((list, k) => cellOf(k, row, list[i], before && before.nearest[k][i])),
        })),
      };
      // A circle that stays as it is has one edge.
      canvas.show(circles.map((row) => ({ now: row.now, before: row.before && Math.abs(row.km2 - row.before.km2) >= LEAST_KM2 ? row.before.rings : null, rank: row.rank })));
      panel.results(found);
      whatIf.found = found;
      whatIf.lastMs = performance.now() - began;
      if (moving) coarse = whatIf.lastMs > LONGEST_MS ? Math.min(3, coarse * 1.25) : Math.max(1, coarse / 1.1);
    }
    // The largest circle of the study's own centres where they are, on today's network.
    /** @returns {string | null} */
    function homeArea() {
      const ready = prepare();
      if (!ready.home) {
        const starts = state.places.map((row) => ({ at: row.home }));
        const circle = reachOf(ready.today, starts, br.ground.scale(starts[0].at[0])).circles.pop();
        ready.home = circle ? br.area(circle.km2) : null;
      }
      return ready.home;
    }

    whatIf.set = function (on, restored = false) {
      if (on === state.on) return;
      state.on = on;
      state.notice = "";
      const { editor, canvas } = prepare();
      scene.away(on);
      panelElement.hidden = !on;
      if (on) {
        editor.start();
        changed();
      } else {
        editor.stop();
        canvas.hide();
      }
      page.redraw();
      // A link's view is its reader's own.
      if (!restored) {
        page.makeRoom(on ? ends() : null);
        // The button that was pressed has been drawn anew: who uses the keys goes on in the panel, and comes back to it.
        br.find(map.getContainer(), on ? ".br-what-if [data-tool]" : ".br-what-if-button").focus({ preventScroll: true });
      }
      page.save();
    };
    // Escape ends what is being drawn or cut, then the what-if; in a field it's the field's own.
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !state.on || (event.target instanceof Element && event.target.matches("input[type=text], input[type=number], input[type=search], select"))) return;
      const { editor } = prepare();
      if (editor.tool === "move") return whatIf.set(false);
      editor.use("move");
      changed();
    });
    // The starts, and what of the largest circle lies farthest in each direction.
    function ends() {
      /** @type { {value: number, at: Place}[] } */
      const far = [];
      for (const ring of found?.circles.at(-1)?.now ?? []) {
        for (let i = 0; i < ring.length; i += 2) {
          [ring[i], -ring[i], ring[i + 1], -ring[i + 1]].forEach((value, k) => {
            if (!far[k] || value > far[k].value) far[k] = { value, at: [br.ground.toLat(ring[i + 1]), br.ground.toLon(ring[i])] };
          });
        }
      }
      return [...state.starts(), ...far].map((one) => br.datum.onMap(one.at));
    }
    // Scenarios of the study by the corridors that are on; null where these are the reader's own choice.
    /** @param {StudyScenario} row */
    const positions = (row) => row.corridors.map((id) => rules.corridors.findIndex((one) => one.id === id));
    whatIf.scenario = function () {
      const found = rules.scenarios.find((row) => row.corridors.length === state.corridors.size && positions(row).every((i) => state.corridors.has(i)));
      return found ? found.id : null;
    };
    whatIf.nameOf = function (row) {
      if (word.state.language === "zh") return row.name;
      const own = data.corridors.find((one) => one.id === row.id);
      return own ? word.nameOf(own) : row.id === "base" ? word("base") : row.id === "all" ? word("scenario_all") : row.id;
    };
    whatIf.take = function (id) {
      const row = rules.scenarios.find((one) => one.id === id);
      if (!row) return;
      state.corridors = new Set(positions(row));
      if (state.on) {
        state.notice = "";
        changed();
        return;
      }
      // It wasn't asked for by its own button: the reader is told where the choice has led.
      whatIf.set(true);
      state.notice = whatIf.nameOf(row);
      prepare().panel.draw();
    };
    whatIf.text = () => (state.on ? state.text() : "");
    whatIf.restore = function (text) {
      if (!text) return whatIf.set(false, true);
      const { net } = prepare();
      state.read(text, net.tail.length);
      whatIf.set(true, true);
      changed();
    };
    whatIf.words = function () {
      state.speak(word);
      if (state.on) changed();
    };
    return whatIf;
  };
})();
