/** What a command has to end with; see `index.ts` for when. */
export const EXIT = { done: 0, failed: 1, usage: 2, unavailable: 3 } as const;
