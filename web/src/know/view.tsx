/** `#/know/STRUCTURE`: the life of a structure; without an id, where one is found. */
import type { ViewProps } from "../app/views";
import "../judge/judge.css";
import "./know.css";
import { List } from "./list";
import { WholeLife } from "./structure";

export default function View({ place }: ViewProps) {
  const id = place.path[1];
  return <div class="know-page">{id ? <WholeLife key={id} id={id} /> : <List query={place.query} />}</div>;
}
