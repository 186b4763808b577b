// Search for a county by name or code: a text field with a list that keys and the mouse move through.
(function () {
  const e = br.element;
  const MOST = 40;

  /** @type { {[key: string]: number} } */
  const MOVES = { ArrowDown: 1, ArrowUp: -1 };

  /**
   * @param {County[]} rows
   * @param {Word} word
   * @param {(row: County) => void} choose
   */
  br.makeSearch = function (rows, word, choose) {
    /** @type {County[]} */
    let found = [];
    let current = -1;
    let closing = 0; // a list about to close, after a click beside it
    const list = e("div", { className: "br-found", role: "listbox", id: "br-found", "aria-label": word("counties"), hidden: true });
    const input = e("input", {
      type: "search", role: "combobox", placeholder: word("search"), "aria-label": word("search"), autocomplete: "off",
      "aria-controls": "br-found", "aria-expanded": "false", "aria-autocomplete": "list",
      oninput: () => open(input.value.trim() !== ""),
      onkeydown: (/** @type {KeyboardEvent} */ event) => {
        const move = MOVES[event.key];
        if (move) {
          if (list.hidden) open(true);
          mark(Math.min(found.length - 1, Math.max(0, current + move)));
        } else if (event.key === "Enter" && found.length) {
          take(found[Math.max(0, current)]);
        } else if (event.key === "Escape") {
          open(false);
        } else {
          return;
        }
        event.preventDefault();
      },
      onblur: () => { closing = setTimeout(() => open(false), 150); }, // after a click on the list
    });
    /** @param {string} text */
    function matches(text) {
      const wanted = text.toLowerCase();
      const named = rows.filter((row) => row.name.toLowerCase().includes(wanted) || word.place(row.name).toLowerCase().includes(wanted) || String(row.adcode).startsWith(wanted));
      // Who asks for a city sees its counties.
      return named.concat(rows.filter((row) => row.city.toLowerCase().includes(wanted) && !named.includes(row)));
    }
    /** @param {boolean} on */
    function open(on) {
      clearTimeout(closing); // who comes back and types on keeps the list
      found = on ? matches(input.value.trim()).slice(0, MOST) : [];
      current = -1;
      list.hidden = !on;
      input.setAttribute("aria-expanded", String(on));
      list.replaceChildren(
        ...found.map((row, i) => e("button", {
          type: "button", role: "option", id: "br-found-" + i, tabindex: "-1", "aria-selected": "false",
          onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => take(row),
        }, word.place(row.name), " ", e("span", { className: "br-muted" }, word.place(row.province)))),
        ...(on && !found.length ? [e("span", { className: "br-muted", role: "status" }, word("no_result"))] : []));
      mark(-1);
    }
    /** @param {number} index */
    function mark(index) {
      current = index;
      [...list.querySelectorAll("button")].forEach((button, i) => {
        button.setAttribute("aria-selected", String(i === index));
        if (i === index) button.scrollIntoView({ block: "nearest" });
      });
      if (index < 0) input.removeAttribute("aria-activedescendant");
      else input.setAttribute("aria-activedescendant", "br-found-" + index);
    }
    /** @param {County} row */
    function take(row) {
      input.value = "";
      open(false);
      choose(row);
    }
    return [input, list];
  };
})();
