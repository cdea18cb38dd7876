// Timers that keep no process alive. Elsewhere than in Node and what is like it, none does.

/** Lets a process end while the timer runs. */
export function unref(timer: ReturnType<typeof setTimeout>): void {
  (timer as { unref?: () => void }).unref?.();
}
