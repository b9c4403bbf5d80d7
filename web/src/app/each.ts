/** Do something with each, a few at once: the service has others to answer. */
export async function each<T, R>(all: readonly T[], act: (one: T) => Promise<R>, at_once = 4): Promise<R[]> {
  const out: R[] = [];
  let at = 0;
  const run = async (): Promise<void> => {
    while (at < all.length) {
      const place = at;
      at += 1;
      out[place] = await act(all[place] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(at_once, all.length) }, run));
  return out;
}
