/** Colours and type of a picture. PNGs are always light; the page follows the reader. */
export interface Theme {
  readonly dark: boolean;
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly band: string;
  readonly fontFamily: string;
  readonly fontSize: number;
}

export const LIGHT: Omit<Theme, 'fontFamily' | 'fontSize'> = {
  dark: false,
  background: '#ffffff',
  text: '#1b1f24',
  muted: '#57606a',
  grid: '#e3e6ea',
  band: 'rgba(120, 120, 120, 0.16)',
};

export const DARK: Omit<Theme, 'fontFamily' | 'fontSize'> = {
  dark: true,
  background: '#14181d',
  text: '#e8ebee',
  muted: '#a5adb6',
  grid: '#2e353d',
  band: 'rgba(200, 200, 200, 0.16)',
};

/** The colour of something that has a light and a dark variant. */
export function shade(
  theme: Theme,
  item: { readonly light: string; readonly dark: string },
): string {
  return theme.dark ? item.dark : item.light;
}
