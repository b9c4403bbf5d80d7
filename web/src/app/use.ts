/** Something that the service is asked for while a component stands. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";

export interface Asked<T> {
  value: T | undefined;
  error: Error | undefined;
  loading: boolean;
  reload: () => void;
}

/** Ask anew whenever `key` changes; an answer that comes late for an old key is dropped, the last value stays until then. */
export function useAsked<T>(key: string, question: () => Promise<T>): Asked<T> {
  const [state, setState] = useState<{ value?: T; error?: Error; loading: boolean }>({ loading: true });
  const [round, setRound] = useState(0);
  const latest = useRef(question);
  latest.current = question;
  useEffect(() => {
    let live = true;
    setState((old) => ({ ...old, loading: true }));
    latest.current().then(
      (value) => live && setState({ value, loading: false }),
      (error: unknown) => live && setState({ error: error instanceof Error ? error : new Error(String(error)), loading: false }),
    );
    return () => {
      live = false;
    };
  }, [key, round]);
  const reload = useCallback(() => setRound((n) => n + 1), []);
  return { value: state.value, error: state.error, loading: state.loading, reload };
}
