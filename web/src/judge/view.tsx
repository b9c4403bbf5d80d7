import type { ViewProps } from "../app/views";

export default function View({ place }: ViewProps) {
  return <p class="empty">{place.path[0]}</p>;
}
