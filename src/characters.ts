// Characters that nobody sees.

/** Bidirectional controls, zero-width and other invisible characters. https://trojansource.codes/ */
export const INVISIBLE =
  /[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/g
