// The panel of a what-if: what is asked at the top, what comes of it below.
(function () {
  const e = br.element;

  br.makeWhatIfPanel = function (panel, data, state, editor, word, act) {
    const { whatIf } = data;
    const open = { minutes: false, lines: true };
    const results = e("div", { className: "br-wi-results", "aria-live": "polite" });
    /**
     * @param {string} text
     * @param {Attributes<"button">} attributes
     * @param {() => void} onclick
     */
    const button = (text, attributes, onclick) => e("button", { type: "button", onclick, ...attributes }, text);

    function tools() {
      return e("div", { className: "br-buttons", role: "group", "aria-label": word("wi_tools") },
        /** @type {const} */ (["move", "draw", "cut"]).map((tool) => button(word("wi_tool_" + tool), { "data-tool": tool, "aria-pressed": String(editor.tool === tool) }, () => {
          editor.use(tool);
          act.changed();
        })));
    }
    function drawing() {
      if (editor.tool !== "draw") return null;
      const mode = editor.mode || "road";
      return e("div", { className: "br-tools" },
        /** @type {const} */ (["road", "rail", "air"]).map((each) => button(word("mode_" + each), { "data-mode": each, "aria-pressed": String(mode === each) }, () => {
          editor.mode = each;
          const line = state.lines[editor.current];
          if (line) Object.assign(line, { mode: each, ...editor.defaults(each) });
          act.changed();
        })),
        editor.current >= 0 ? button(word("wi_finish"), { "data-act": "finish" }, () => { editor.use("move"); act.changed(); }) : null);
    }
    function corridors() {
      if (!data.corridors.length) return null;
      const names = new Map(data.corridors.map((row) => [row.id, row]));
      /**
       * @param {number} i
       * @param {boolean} on
       */
      const set = (i, on) => { if (on) state.corridors.add(i); else state.corridors.delete(i); };
      return e("fieldset", {}, e("legend", {}, word("wi_corridors")),
        whatIf.corridors.length > 3 ? e("div", { className: "br-tools" }, [true, false].map((on) =>
          button(word(on ? "all" : "none"), {}, () => { whatIf.corridors.forEach((_, i) => set(i, on)); act.changed(); }))) : null,
        e("div", { className: "br-wi-list" }, whatIf.corridors.map((one, i) => {
          const row = names.get(one.id);
          const text = row ? word.nameOf(row) : one.id;
          return e("div", { className: "br-row" }, e("label", { className: "br-box" }, e("input", {
            type: "checkbox", checked: state.corridors.has(i), "data-corridor": one.id, "aria-label": text,
            onchange: (event) => { set(i, event.target.checked); act.changed(); },
          }), row ? br.lineSwatch(act.look(row)) : null, text), row && state.lines.length < state.mostLines
            ? button(word("wi_edit"), { "data-edit": one.id, title: word("wi_edit_hint"), "aria-label": word("wi_edit") + " " + text }, () => {
              own(one, text);
              set(i, false);
              act.changed();
            }) : null);
        })));
    }
    /**
     * A corridor of the study as a line of the reader's own, whose stops can be added to and moved.
     * @param {WhatIfCorridor} one
     * @param {string} text
     */
    function own(one, text) {
      const { kph, perDay } = whatIf.lines.own[one.id];
      state.lines.push({
        name: word("wi_edited", { name: text }).slice(0, 60), mode: one.mode, kph, perDay, as: one.id,
        stops: one.stops.slice(0, state.mostStops).map(({ name, at }) => ({ name, at })),
      });
      editor.use("move");
    }
    // One choice for all switches: a scenario of the study, or the reader's own.
    function scenarios() {
      if (whatIf.scenarios.length < 3) return null;
      const now = act.scenario();
      // Beside the scenario's own corridors, what the reader has added.
      const more = state.lines.length || state.closed.size ? word("wi_and_own") : "";
      return e("label", { className: "br-wi-scenario" }, word("scenario"), e("select", {
        "data-scenario": "", "aria-label": word("scenario"), onchange: (event) => act.take(event.target.value),
      }, [...whatIf.scenarios.map((row) => [row.id, act.nameOf(row) + (row.id === now ? more : "")]), ...(now === null ? [["", word("wi_own")]] : [])]
        .map(([value, text]) => e("option", { value, selected: value === (now ?? "") }, text))));
    }
    /**
     * @param {Drawn} one
     * @param {number} i
     */
    function line(one, i) {
      const fault = one.stops.length > 1 ? br.faultOf(one, whatIf.lines) || (act.isLoose(one) ? "line_loose" : null) : null;
      /**
       * @param {string} name
       * @param {string} label
       * @param {Attributes<"input">} attributes
       * @param {(value: string) => number | null} set gives what holds now: a value that can't be is none, and isn't left to stand there
       */
      const field = (name, label, attributes, set) => e("label", {}, label, e("input", {
        ...attributes, "data-line": i + "-" + name, "aria-label": one.name + " " + label,
        onchange: (event) => { event.target.value = String(set(event.target.value) ?? ""); act.valued(); },
      }));
      /**
       * @template T
       * @param {string} value
       * @param {number} least
       * @param {number} most
       * @param {T} otherwise
       */
      const within = (value, least, most, otherwise) => (value.trim() && Number(value) >= least && Number(value) <= most ? Number(value) : otherwise);
      // A field under the reader's hand isn't drawn anew: it would lose what is typed into the next one.
      const waitText = () => word("wi_wait", { minutes: br.fixed(br.waitOf(one, whatIf.lines), 0) });
      const waits = e("p", { className: "br-muted" }, waitText());
      return e("div", { className: "br-wi-line" },
        e("div", { className: "br-row" },
          e("input", { type: "text", value: one.name, maxlength: 60, "aria-label": word("wi_name"), "data-line": i + "-name",
            onchange: (event) => { one.name = event.target.value.trim() || one.name; act.valued(); } }),
          button("×", { className: "br-close", "aria-label": word("wi_remove") + " " + one.name }, () => { state.lines.splice(i, 1); editor.current = -1; act.changed(); })),
        e("div", { className: "br-wi-fields" },
          e("select", { "aria-label": word("mode"), "data-line": i + "-mode", onchange: (event) => {
            const mode = /** @type {Mode} */ (event.target.value);
            Object.assign(one, { mode, ...editor.defaults(mode) });
            act.changed();
          } }, ["road", "rail", "air"].map((mode) => e("option", { value: mode, selected: mode === one.mode }, word("mode_" + mode)))),
          field("kph", "km/h", { type: "number", min: 10, max: 400, step: 10, value: one.kph }, (value) => (one.kph = within(value, 10, 400, one.kph))),
          one.mode === "road" ? null
            : field("perDay", word("wi_per_day"), { type: "number", min: 1, max: 400, step: 1, value: one.perDay ?? "" }, (value) => {
              one.perDay = value.trim() ? within(value, 1, 1000, one.perDay) : null;
              waits.textContent = waitText();
              return one.perDay;
            })),
        one.mode === "road" ? null : waits,
        e("ol", { className: "br-wi-stops" }, one.stops.map((stop, k) => e("li", {}, e("div", { className: "br-row" },
          e("input", { type: "text", value: word.place(stop.name), maxlength: 60, "aria-label": word("stop") + " " + (k + 1), "data-line": i + "-stop-" + k,
            onchange: (event) => { stop.name = event.target.value.trim() || stop.name; act.valued(); } }),
          k > 0 ? button("↑", { className: "br-close", "data-line": i + "-up-" + k, "aria-label": word("wi_earlier", { name: word.place(stop.name) }), title: word("wi_earlier", { name: word.place(stop.name) }) }, () => {
            one.stops.splice(k - 1, 2, stop, one.stops[k - 1]);
            act.changed();
          }) : null,
          button("×", { className: "br-close", "aria-label": word("wi_remove") + " " + word.place(stop.name) }, () => {
            one.stops.splice(k, 1);
            if (one.stops.length < 2) state.lines.splice(i, 1);
            act.changed();
          }))))),
        i === editor.current || one.stops.length >= state.mostStops ? null : e("div", { className: "br-tools" },
          button(word("wi_extend"), { "data-line": i + "-extend" }, () => { editor.extend(i); act.changed(); }),
          one.stops.length > 1 ? e("span", { className: "br-muted" }, word("wi_hint_insert")) : null),
        fault ? e("p", { className: "br-caveat" }, word("wi_" + fault, { km: whatIf.lines.mostKm[one.mode] })) : null);
    }
    function drawn() {
      if (!state.lines.length && !state.closed.size) return null;
      const ready = state.lines.some(act.isSaved);
      return e("fieldset", {}, state.lines.length ? e("legend", {}, word("wi_lines")) : null,
        state.lines.map(line),
        state.closed.size ? e("div", { className: "br-row" }, e("span", {}, word("wi_closed", { n: state.closed.size })),
          button(word("wi_reopen"), { "data-act": "reopen" }, () => { state.closed.clear(); act.changed(); })) : null,
        ready ? e("div", { className: "br-tools" }, button(word("wi_save_corridor"), { "data-act": "toml" }, act.saveCorridors)) : null);
    }

    /** @param {number} value */
    const people = (value) => br.many(value, "unit_people", word);
    /**
     * @param {number} value
     * @param {string} text
     */
    const change = (value, text) => (Math.round(value) === 0 ? null : e("span", { className: value < 0 ? "br-loss" : "br-gain" }, text));
    /** @param {Found} found */
    function reach(found) {
      /**
       * @param {number} now
       * @param {number | null} before
       * @param {(value: number) => string} text
       * @param {(value: number) => string} gain
       * @returns {Content}
       */
      const arrow = (now, before, text, gain) => [text(now), before === null ? null : [" ", change(now - before, gain(now - before))]];
      const { style } = data;
      /** @param {number} rank */
      const filled = (rank) => br.swatch("fill", { fill: br.ranked(style.circleFills, rank), line: style.circleLine, opacity: 0.8 });
      return e("table", { className: "br-wi-reach" },
        e("thead", {}, e("tr", {}, e("td", {}), ["wi_area", "wi_counties", "wi_people"].map((key) => e("th", { scope: "col" }, word(key))))),
        e("tbody", {}, found.circles.map((row) => e("tr", {}, e("th", { scope: "row" }, filled(row.rank), word("circle_of", { minutes: row.minutes })),
          e("td", { "data-km2": row.minutes }, arrow(row.km2, row.before && row.before.km2, br.area, (by) => br.signed(by, 0).replace(/\B(?=(\d{3})+$)/g, ","))),
          e("td", {}, arrow(row.counties, row.before && row.before.counties, String, (by) => br.signed(by, 0))),
          e("td", {}, arrow(row.people, row.before && row.before.people, people, (by) => (by < 0 ? "−" : "+") + people(Math.abs(by))))))));
    }
    /**
     * What the lines and hatches on the circles are, of those that are seen.
     * @param {Found} found
     */
    function key(found) {
      const { style } = data;
      const changes = found.circles.flatMap((row) => (row.before ? [{ by: row.km2 - row.before.km2, rank: row.rank }] : [])).filter(({ by }) => Math.round(by) !== 0);
      const gain = changes.filter(({ by }) => by > 0).pop();
      if (!changes.length) return found.circles.some((row) => row.before) ? e("p", { className: "br-muted" }, word("wi_same")) : null;
      return e("p", { className: "br-wi-key br-muted" },
        gain ? e("span", {}, br.swatch("hatch", { hatch: br.ranked(style.gainLines, gain.rank), rising: true }), word("gained")) : null,
        changes.some(({ by }) => by < 0) ? e("span", {}, br.swatch("hatch", { hatch: style.changeLine, rising: false }), word("wi_lost")) : null,
        e("span", {}, br.swatch("outline", { after: style.scenarioLine }), word("wi_edge")));
    }
    /** @param {Found} found */
    function minutes(found) {
      /**
       * @param {number | null} value
       * @param {boolean} sure
       */
      const text = (value, sure) => (value === null ? "–" : (sure ? "" : "≤ ") + br.fixed(value, 1));
      /** @param {Cell} one */
      const cell = (one) => e("td", {}, one.before !== null && (one.now === null || Math.abs(one.now - one.before) >= 0.05)
        ? [e("span", { className: "br-muted" }, text(one.before, one.sure)), " → ", e("b", {}, text(one.now, one.sure))] : text(one.now, one.sure));
      /** @param {CellRow[]} rows */
      const table = (rows) => e("table", { className: "br-wi-minutes" },
        e("thead", {}, e("tr", {}, e("td", {}), found.starts.map((name) => e("th", { scope: "col" }, name)))),
        e("tbody", {}, rows.map((row) => e("tr", {}, e("th", { scope: "row" }, row.name), row.cells.map(cell)))));
      return [
        found.between.length > 1 ? e("fieldset", {}, e("legend", {}, word("wi_between")), table(found.between)) : null,
        e("details", { open: open.minutes, ontoggle: (event) => { open.minutes = event.target.open; act.moved(); } },
          e("summary", {}, word("wi_to_counties", { n: found.nBorder })), open.minutes ? table(found.counties) : null),
      ];
    }

    return {
      // What comes of it; drawn anew while something is dragged.
      results(found) {
        const leftOut = [
          ...(whatIf.leftOut.includes("trains") ? [word("wi_no_trains")] : []),
          ...(whatIf.leftOut.some((/** @type {string} */ each) => each !== "trains") ? [word("wi_main_roads", { kph: whatIf.kph, km: whatIf.reachKm })] : []),
        ];
        const scroll = results.querySelector(".br-wi-minutes") ? results.scrollTop : 0;
        results.replaceChildren(...[
          e("p", { className: "br-wi-from" }, found.starts.length < found.nStarts ? word("wi_from_nearest", { n: found.nStarts }) : word("wi_from", { places: found.starts.join(word("and")) })),
          reach(found), key(found), found.home ? e("p", { className: "br-muted" }, word("wi_home", { km2: found.home })) : null,
          leftOut.length ? e("p", { className: "br-caveat" }, leftOut.join(" ")) : null,
          found.loose.length ? e("p", { className: "br-caveat" }, word("wi_not_counted", { lines: found.loose.join(word("and")), km: br.DRAWN.joinKm })) : null,
          found.off.length ? e("p", { className: "br-caveat" }, word("wi_off", { places: found.off.join(word("and")), km: whatIf.reachKm })) : null,
          found.beyond ? e("p", { className: "br-caveat" }, word("wi_beyond", { minutes: found.beyond })) : null,
          ...minutes(found),
        ].filter(Boolean));
        results.scrollTop = scroll;
      },
      draw() {
        const scroll = panel.scrollTop;
        const active = document.activeElement;
        const again = active && panel.contains(active) ? br.selectorOf(active, ["data-tool", "data-line", "data-corridor", "data-edit", "data-act", "data-mode", "data-scenario"]) : null;
        const untouched = !state.here && !state.moved() && !state.corridors.size && !state.lines.length && !state.closed.size;
        panel.setAttribute("aria-label", word("what_if"));
        panel.replaceChildren(...[
          e("div", { className: "br-row br-head" }, e("h2", {}, word("what_if")), button("×", { className: "br-close", "aria-label": word("wi_leave"), "data-act": "leave" }, act.leave)),
          state.notice ? e("p", { className: "br-notice", role: "status" }, word("wi_opened", { scenario: state.notice })) : null,
          tools(), e("p", { className: "br-muted" }, word("wi_hint_" + editor.tool)), drawing(), scenarios(), results, corridors(), drawn(),
          e("div", { className: "br-tools" },
            state.here && state.places.length ? button(word("wi_centres"), { "data-act": "centres" }, () => { state.here = null; act.changed(); }) : null,
            untouched ? null : button(word("wi_reset"), { "data-act": "reset" }, () => { state.reset(); editor.use("move"); act.changed(); }),
            button("GeoJSON", { "data-act": "geojson", title: word("wi_geojson") }, act.saveShapes)),
          e("p", { className: "br-muted" }, word("wi_note")),
        ].filter(Boolean));
        panel.scrollTop = scroll;
        const focus = again && panel.querySelector(again);
        if (focus instanceof HTMLElement) focus.focus();
      },
    };
  };
})();
