import { compareText, own } from './labels.js';

/** How one transport is drawn, everywhere and always: colour, line and marker say the same thing three times. */
export interface SeriesStyle {
  readonly light: string;
  readonly dark: string;
  /** Lengths of dash and gap in pixels; empty is a solid line. */
  readonly dash: readonly number[];
  readonly marker: 'circle' | 'rect' | 'triangle' | 'rectRot' | 'crossRot' | 'star';
}

/** Okabe and Ito, "Color Universal Design" (2008); the dark variants keep the hue and gain lightness. */
const FIXED: Readonly<Record<string, SeriesStyle>> = {
  v4v: { light: '#d55e00', dark: '#ff9248', dash: [], marker: 'circle' },
  libvchan: { light: '#0072b2', dark: '#5ab4f0', dash: [9, 4], marker: 'rect' },
  v2v: { light: '#009e73', dark: '#3fd0a4', dash: [3, 3], marker: 'triangle' },
  null: { light: '#767676', dark: '#a8a8a8', dash: [1, 4], marker: 'crossRot' },
  analytic: { light: '#444444', dark: '#d0d0d0', dash: [12, 3, 2, 3], marker: 'star' },
};

const SPARE: readonly SeriesStyle[] = [
  { light: '#b4588e', dark: '#e79ac6', dash: [6, 2, 2, 2], marker: 'rectRot' },
  { light: '#a87000', dark: '#f0b93c', dash: [14, 4], marker: 'circle' },
  { light: '#2f86b8', dark: '#8fd0f5', dash: [2, 2], marker: 'rect' },
  { light: '#857a00', dark: '#f0e442', dash: [5, 5], marker: 'triangle' },
];

/** The style of a transport. An unknown one gets a spare style by its own name, so it never changes between runs. */
export function transportStyle(transport: string): SeriesStyle {
  const fixed = own(FIXED, transport);
  if (fixed !== undefined) return fixed;
  let hash = 0;
  for (let i = 0; i < transport.length; i++) hash = (hash * 31 + transport.charCodeAt(i)) >>> 0;
  return SPARE[hash % SPARE.length] as SeriesStyle;
}

/** Transports that test the harness and compete with nobody: drawn and ranked only where nothing else was run. */
const CONTROLS: readonly string[] = ['null', 'analytic'];

export const isControl = (transport: string): boolean => CONTROLS.includes(transport);

/** Transports in the order of every table and legend: the known ones first. */
export function transportOrder(a: string, b: string): number {
  const names = Object.keys(FIXED);
  const place = (name: string): number => {
    const index = names.indexOf(name);
    return index < 0 ? names.length : index;
  };
  return place(a) - place(b) || compareText(a, b);
}

/** Colours of the parts of a stacked bar: causes of CPU time, reasons of hypervisor entries. */
const PARTS: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  copy: ['#56b4e9', '#56b4e9'],
  'hypervisor-entry': ['#d55e00', '#e8743b'],
  'hypervisor-work': ['#e69f00', '#e69f00'],
  'page-walk': ['#f0e442', '#f0e442'],
  tlb: ['#cc79a7', '#cc79a7'],
  'cache-line': ['#882255', '#c25a91'],
  lock: ['#661100', '#b8644f'],
  'event-delivery': ['#0072b2', '#3d94cc'],
  'context-switch': ['#332288', '#8879d6'],
  'guest-user': ['#009e73', '#2fb893'],
  'guest-kernel': ['#44aa99', '#6cc4b5'],
  toolstack: ['#785ef0', '#9d8bf5'],
  teardown: ['#999933', '#b8b85a'],
  idle: ['#c9c9c9', '#5c5c5c'],
  'own-hypercall': ['#0072b2', '#3d94cc'],
  hypercall: ['#56b4e9', '#56b4e9'],
  hlt: ['#e69f00', '#e69f00'],
  'external-interrupt': ['#009e73', '#2fb893'],
  eoi: ['#cc79a7', '#cc79a7'],
  nm: ['#785ef0', '#9d8bf5'],
  timer: ['#f0e442', '#f0e442'],
  'pv-syscall': ['#d55e00', '#e8743b'],
  'pv-trap': ['#882255', '#c25a91'],
  'pv-iret': ['#332288', '#8879d6'],
};

const SPARE_PARTS: readonly (readonly [string, string])[] = [
  ['#882255', '#c25a91'],
  ['#44aa99', '#6cc4b5'],
  ['#332288', '#8879d6'],
  ['#999933', '#b8b85a'],
  ['#661100', '#b8644f'],
];

/** Colour of a part; `index` is its place among the unknown parts of this chart. */
export function partColour(part: string, index: number): readonly [light: string, dark: string] {
  return own(PARTS, part) ?? (SPARE_PARTS[index % SPARE_PARTS.length] as readonly [string, string]);
}
