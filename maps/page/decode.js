// Helpers: unpacking of shapes, elements built from text, words, numbers.
/** @typedef {[number, number]} Place latitude and longitude, degrees */
const br = /** @type {Shared} */ ({});
(function () {
  // Numbers are digits of five bits, lowest first, with 32 added to all but the last; lines are lon then lat
  // of the first point in units of the quantum, then steps.
  const digits = new Uint8Array(128);
  br.useAlphabet = (alphabet) => [...alphabet].forEach((character, value) => { digits[character.charCodeAt(0)] = value; });
  br.unpackNumbers = function (text) {
    /** @type {number[]} */
    const numbers = [];
    let number = 0;
    let weight = 1;
    for (let i = 0; i < text.length; i += 1) {
      const digit = digits[text.charCodeAt(i)];
      number += (digit & 31) * weight;
      weight *= 32;
      if (digit >= 32) continue;
      numbers.push(number % 2 ? -(number + 1) / 2 : number / 2);
      number = 0;
      weight = 1;
    }
    return numbers;
  };
  br.unpackLine = function (text, quantum) {
    const numbers = br.unpackNumbers(text);
    /** @type {Place[]} */
    const points = new Array(numbers.length / 2);
    let lon = 0;
    let lat = 0;
    for (let i = 0; i < numbers.length; i += 2) {
      lon += numbers[i];
      lat += numbers[i + 1];
      points[i / 2] = [lat * quantum, lon * quantum];
    }
    return points;
  };
  br.unpackLines = (packed, quantum) => packed.map((flat) => br.unpackLine(flat, quantum));
  // Areas after that are the same as before stand on the page once.
  br.unpackReaches = function (data) {
    const lists = [data.circles, data.slider, data.railCircles, data.centreCircles, data.zones, data.allZones ? [data.allZones] : []];
    for (const row of lists.flat()) if (row.after === null) row.after = row.base;
  };
  br.unpackPolygons = (packed, quantum) => packed.map((rings) => br.unpackLines(rings, quantum));

  // Text only ever becomes a text node, so that a name from the data can't become markup.
  br.element = function (tag, attributes, ...children) {
    const element = document.createElement(tag);
    /** @type { {[name: string]: any} } */
    const fields = element;
    /** @type {[string, any][]} */
    const given = Object.entries(attributes || {});
    for (const [name, value] of given) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name === "style") Object.assign(element.style, value);
      else if (name === "checked" || name === "value" || name === "className") fields[name] = value;
      else element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children.flat(2)) {
      if (child === null || child === undefined || child === false) continue;
      element.append(child instanceof Node ? child : document.createTextNode(String(child)));
    }
    return element;
  };

  // Where a place of WGS 84 lies on the map, and which place lies there: the same, but on a base map in another datum.
  br.datum = { onMap: (at) => at, onGround: (at) => at, ringOnMap: (ring) => ring };

  br.penOf = function (canvas, settings) {
    const pen = canvas.getContext("2d", settings);
    if (!pen) throw new Error("this browser draws on no canvas");
    return pen;
  };

  // The element within another that a selector names.
  br.find = function (within, selector) {
    const found = within.querySelector(selector);
    if (!(found instanceof HTMLElement)) throw new Error("there is no " + selector);
    return found;
  };
  // A selector that finds an element again, once its panel is drawn anew, by the first of some attributes that it has.
  br.selectorOf = function (element, names) {
    for (const name of names) {
      const value = element.getAttribute(name);
      if (value !== null) return `[${name}="${CSS.escape(value)}"]`;
    }
    return null;
  };

  br.escape = (text) =>
    String(text).replace(/[&<>"']/g, (c) => "&#" + c.charCodeAt(0) + ";");

  br.makeWords = function (data) {
    const state = { language: data.language };
    const counties = data.english.counties.split("|");
    const english = new Map(Object.entries(data.english.others));
    data.counties.forEach((row, i) => english.set(row.name, counties[i]));
    /**
     * @param {string} key
     * @param {Values} [values]
     */
    const word = function (key, values) {
      const text = data.words[state.language][key] || key;
      return text.replace(/\{(\w+)\}/g, (all, name) => (values && name in values ? String(values[name]) : all));
    };
    word.state = state;
    // A mode or status outside the dictionary is shown as the data writes it.
    /**
     * @param {string} kind
     * @param {string} value
     */
    word.of = (kind, value) => data.words[state.language][kind + "_" + value] ?? value;
    // In brackets, as the language writes them; a corridor's name in the language, where the data has it.
    /** @param {string | number} text */
    word.aside = (text) => word("aside", { text });
    /** @param { {name: string, nameEn?: string} } row */
    word.nameOf = (row) => (state.language !== "zh" && row.nameEn) || row.name;
    // A place's name in letters that the language's readers know, and a list of such names.
    /** @param {string} name */
    word.place = (name) => (state.language === "zh" ? name : english.get(name) || name);
    /** As it stands on the map: a name without the peoples in it. @param {string} name */
    word.label = (name) => (state.language === "zh" && Object.hasOwn(data.short, name) ? data.short[name] : word.place(name));
    /** @param {string | string[]} names */
    word.places = (names) => (Array.isArray(names) ? names : names.split("、")).map(word.place).join(state.language === "zh" ? "、" : ", ");
    return word;
  };

  // As reports and tables round: half-way figures, of which binary numbers know few, to the even one; no zero has a sign.
  br.fixed = function (value, digits) {
    if (value === null) return "–";
    const half = value * 2 ** (digits + 1);
    const below = Math.floor(value * 10 ** digits);
    const text = half % 2 === 1 || half % 2 === -1 ? ((below + (below % 2 === 0 ? 0 : 1)) / 10 ** digits).toFixed(digits) : value.toFixed(digits);
    return Number(text) === 0 ? text.replace("-", "") : text;
  };
  br.area = (value) =>
    value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en-US") + " km²";
  br.signed = function (value, digits) {
    if (value === null || value === undefined) return "–";
    const text = br.fixed(Math.abs(value), digits);
    return (Number(text) === 0 ? "±" : value < 0 ? "−" : "+") + text;
  };
  br.classOf = function (value, breaks) {
    let index = 0;
    while (index < breaks.length && value > breaks[index]) index += 1;
    return index;
  };
})();
