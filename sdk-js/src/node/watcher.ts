// Who is told of a stream: each chunk, and how it ended.

/** Who watches a stream. Exactly one of `done`, `failed` and `left` is called, once. */
export interface Watcher {
  chunk(value: unknown): void;
  done(): void;
  failed(error: unknown): void;
  /** Whoever read it stopped before its end, or nobody holds it any more. */
  left(how: "closed" | "collected"): void;
}

// Streams that nobody reads are ended when the garbage collector finds them.
export const forgotten = new FinalizationRegistry<Watcher>((watcher) => {
  watcher.left("collected");
});

/** The same watcher, told of the end once and of nothing after it. */
export function onlyOnce(watcher: Watcher): Watcher {
  let over = false;
  const end = (tell: () => void): void => {
    if (!over) {
      over = true;
      tell();
    }
  };
  return {
    chunk: (value) => {
      if (!over) watcher.chunk(value);
    },
    done: () =>
      end(() => {
        watcher.done();
      }),
    failed: (error) =>
      end(() => {
        watcher.failed(error);
      }),
    left: (how) =>
      end(() => {
        watcher.left(how);
      }),
  };
}
