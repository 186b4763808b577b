// What the text claims and what was computed: the list of claims, and one of them as a panel.
(function () {
  const e = br.element;

  /**
   * @param { {verdict: string} } row
   * @param {PageStyle} style
   */
  br.claimSign = (row, style) => br.signSwatch(br.VERDICT_SHAPES[row.verdict] || "triangle", style.verdictFills[row.verdict] || style.noValue, "#333333");

  /**
   * @param {number | null} value
   * @param {string} unit
   * @param {Word} word
   */
  const amount = (value, unit, word) =>
    value === null ? "–" : String(value) + " " + word.of("unit", unit);

  /**
   * @param {Claim} row
   * @param {number} n
   * @param {Word} word
   */
  br.claimText = (row, n, word) => e("div", {},
    e("strong", {}, n + ". " + row.words),
    e("div", {}, word.of("verdict", row.verdict) + (row.value === null ? "" : word("colon") + word("computed") + " " + amount(row.value, row.unit, word))));

  /**
   * @param {PageContent} data
   * @param {Scene} scene
   * @param {Word} word
   */
  br.claimList = (data, scene, word) => e("ol", { className: "br-claims" }, data.claims.map((row) => e("li", {},
    e("button", {
      type: "button", "data-claim": row.id, title: row.words, "aria-pressed": String(scene.claim === row.id),
      onclick: () => scene.selectClaim(scene.claim === row.id ? null : row.id, true),
    }, br.claimSign(row, data.style), e("span", { className: "br-hidden" }, word.of("verdict", row.verdict) + word("colon")), row.words))));

  /**
   * @param {HTMLElement} panel
   * @param {Claim} row
   * @param {PageContent} data
   * @param {Scene} scene
   * @param {Word} word
   */
  br.drawClaim = function (panel, row, data, scene, word) {
    const n = data.claims.indexOf(row) + 1;
    /**
     * @param {string} name
     * @param {string} text
     */
    const line = (name, text) => (text ? e("tr", {}, e("th", { scope: "row" }, name), e("td", {}, text)) : null);
    panel.hidden = false;
    panel.replaceChildren(
      e("div", { className: "br-row br-head" },
        e("h2", {}, row.words),
        e("button", { type: "button", "aria-label": word("close"), className: "br-close", onclick: () => scene.selectClaim(null) }, "×")),
      e("p", { className: "br-muted" }, word("claim_number", { n }) + (row.at ? "" : " · " + word("no_place"))),
      e("p", {}, br.claimSign(row, data.style), " ", e("strong", {}, word.of("verdict", row.verdict))),
      e("table", {}, e("caption", { className: "br-hidden" }, word("claims")), e("tbody", {}, [
        line(word("reading"), row.reading),
        line(word("computed"), row.value === null ? "" : amount(row.value, row.unit, word)),
        line(word("limit"), row.limit === null ? "" : word.of("compare", row.compare) + " " + amount(row.limit, row.unit, word)),
        line(word("after"), row.with === null ? "" : amount(row.with, row.unit, word)),
        line(word("conclusion"), row.text),
        line(word("flip"), row.flip),
        line(word("method"), row.method),
      ])));
  };
})();
