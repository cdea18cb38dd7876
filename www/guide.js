// The story, step by step: what to do next, and when it is done.

/** Each step is done once the page shows what it waits for, and lost where that can no longer come. */
const STEPS = [
  { text: "The app activates with its license key, and runs.", done: ({ code }) => code === 0 },
  { text: "Press Revoke, and then touch nothing.", done: ({ revoked }) => revoked },
  {
    text: "Touch nothing: at its next background sync the app hears of it, and erases its activation.",
    done: ({ code }) => code === 1,
    lost: ({ revoked }) => !revoked,
  },
  {
    text: "Press Activate in the app: the server refuses.",
    done: ({ event }) => event?.call === "Activate" && event.status.code === 53,
    lost: ({ revoked }) => !revoked,
  },
  { text: "Press Approve. The app is not healed by that.", done: ({ revoked }) => !revoked },
  { text: "Press Activate once more: the app runs again, on the seat that it had.", done: ({ code }) => code === 0 },
  { text: "Press Suspend, and wait for the next sync.", done: ({ code }) => code === 21 },
  { text: "Press Resume: the app heals by itself.", done: ({ code, suspended }) => code === 0 && !suspended },
];

const END = "That is the whole story. Try another order, or send the command from a terminal: the app hears of that, too.";

const REVOKE = 1;

/** Returns the step that comes after `step`, given what the page shows. */
export function advance(step, facts) {
  let next = STEPS[step]?.lost?.(facts) ? REVOKE : step;
  while (next < STEPS.length && STEPS[next].done(facts)) {
    next += 1;
  }
  return next;
}

/** Returns how a step reads. */
export function describe(step) {
  const count = step < STEPS.length ? `Step ${step + 1} of ${STEPS.length}` : "Done";
  return { count, text: STEPS[step]?.text ?? END };
}
