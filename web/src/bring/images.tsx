/** Images: what is sent, and what is stored. */
import { useEffect } from "preact/hooks";
import { may } from "../app/session";
import type { ViewProps } from "../app/views";
import { Choosing } from "./choosing";
import { Scenes } from "./scenes";
import { Transfers } from "./transferlist";
import { restore } from "./transfers";

export function Images({ place }: ViewProps) {
  const sends = may("upload");
  useEffect(() => {
    if (sends) restore();
  }, [sends]);
  return (
    <>
      {sends ? <Choosing /> : null}
      {sends ? <Transfers of="scenes" /> : null}
      <Scenes place={place} />
    </>
  );
}
