/** What a study's page holds, as `maps/page/_content.py` writes it, and what its scripts hand to each other. */

type Lines = string[];
type Polygons = string[][];

interface Reach {
  key: string;
  name: string;
  minutes: number;
  baseKm2: number | null;
  afterKm2: number | null;
  base: Polygons;
  after: Polygons;
  gained: Polygons;
  edge: Lines;
}
interface CircleRow extends Reach {
  people: [number | null, number | null] | null;
}
interface CountyTime {
  id: string;
  name: string;
  base: number | null;
  after: number | null;
  change: number | null;
  baseIn: boolean;
  afterIn: boolean;
}
interface County {
  adcode: number;
  name: string;
  city: string;
  province: string;
  times: CountyTime[];
  [more: string]: any;
}
interface NamedShape {
  name: string;
  at: Place;
  shape: Polygons;
}
interface Centre {
  id: string;
  name: string;
  at: Place;
}
interface Claim {
  id: string;
  verdict: string;
  at: Place | null;
  lines: Lines;
  areas: Polygons;
  points: Place[];
  [more: string]: any;
}
/** A closed link has no speed any more. */
type Change = { id: string; name: string; links: number; km: number; at: Place; shape: Lines } & (
  | { closed: true; baseKph: number | null; afterKph: null }
  | { closed: false; baseKph: number; afterKph: number }
);
interface BaseMapTiles {
  name: string;
  addresses: string[];
  attribution: string;
  subdomains: string;
  datum: "wgs84" | "gcj02";
  minZoom: number;
  maxZoom: number;
  tms: boolean;
}
interface Packed {
  quantum: number;
  nodes: string;
  people: string;
  noExit: string;
  edge: string;
  nodeOwners: string;
  links: string;
  linkOwners: string;
  kinds: [string, string][];
  shapes: string[];
  since: Since | null;
  [more: string]: any;
}
interface Since {
  years: number;
  kinds: number[];
  runs: string;
}
interface PageContent {
  language: string;
  style: { [name: string]: any };
  title: { zh: string; en: string };
  quantum: number;
  reachQuantum: number;
  circleMin: number;
  bounds: [Place, Place];
  centres: Centre[];
  provinces: NamedShape[];
  context: NamedShape[];
  nationalLines: Lines;
  counties: County[];
  circles: CircleRow[];
  claims: Claim[];
  changes: Change[];
  baseMap: BaseMapTiles | null;
  whatIf: (Packed & { counties: { adcode: number; name: string; at: Place }[]; opened?: Network }) | null;
  [more: string]: any;
}

/** Words of the page in the reader's language. */
interface Word {
  (key: string, values?: { [name: string]: string | number }): string;
  place(name: string): string;
  places(names: string | string[]): string;
  of(kind: string, value: string): string;
  aside(text: string | number): string;
  nameOf(row: any): string;
  state: { language: string };
}
interface SceneItem {
  id: string;
  order: number;
  on: boolean;
  layer: any;
}
interface Scene {
  items: Map<string, SceneItem>;
  add(id: string, order: number, on: boolean, make: () => any, side?: string): void;
  show(id: string, on: boolean): void;
  isOn(id: string): boolean;
  selected: number | null;
  claim: string | null;
  [more: string]: any;
}
interface PlacedClaim extends Claim {
  at: Place;
}
/** A place of a drawn line in a scenario's network, beyond the page's own nodes. */
interface ExtraNode {
  exit: boolean;
  xyz: [number, number, number];
  x: number;
  y: number;
  scale: number;
  [more: string]: any;
}
/** What `whatif_scenario.js` makes: a network with some corridors, cuts and drawn lines. */
interface Scenario {
  net: Network;
  shut: Uint8Array;
  gone: Uint8Array;
  off: Uint8Array;
  extra: ExtraNode[];
  first: Int32Array;
  next: number[];
  to: number[];
  ms: number[];
  version: number;
  [more: string]: any;
}
