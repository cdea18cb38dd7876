/** What the story of `story.mjs` resolves to. */
export const EXPECTED = [true, 0, 0, 0, 53, 1, true];
