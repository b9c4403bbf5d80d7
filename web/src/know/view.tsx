/** `#/know/STRUCTURE`: the life of a structure; without an id, where one is found. */
import { href } from "../app/router";
import type { ViewProps } from "../app/views";
import "../judge/judge.css";
import "./know.css";
import { List } from "./list";
import { WholeLife } from "./structure";
import { w } from "./words";

export default function View({ place }: ViewProps) {
  const id = place.path[1];
  if (!id) {
    return (
      <div class="know-page">
        <List query={place.query} />
      </div>
    );
  }
  return (
    <div class="know-page">
      <p class="screen know-back">
        <a href={href("know")}>‹ {w.all}</a>
      </p>
      <WholeLife key={id} id={id} />
    </div>
  );
}
