/** Filters as links: whoever is sent the address sees the same. */
import { href } from "../app/router";

interface Props {
  view: string | readonly string[];
  query: Readonly<Record<string, string>>;
  name: string;
  label?: string;
  options: readonly (readonly [value: string, title: string])[];
  /** Whether what is chosen is left again by choosing it once more. */
  toggles?: boolean;
}

export function Filter({ view, query, name, label, options, toggles }: Props) {
  const chosen = query[name] ?? "";
  return (
    <nav class="work-filter" aria-label={label ?? options.map(([, title]) => title).join(", ")}>
      {label ? <span>{label}</span> : null}
      {options.map(([value, title]) => {
        const current = value === chosen;
        return (
          <a key={value} href={href(view, { ...query, [name]: toggles && current ? "" : value })} aria-current={current ? "true" : undefined}>
            {title}
          </a>
        );
      })}
    </nav>
  );
}
