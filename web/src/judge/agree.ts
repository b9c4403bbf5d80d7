/** What two people said of one finding, as the service tells it. */
import type { Schemas } from "../api/client";

export type Verdict = Schemas["VerdictOut"];
/** The latest of who judged first, the latest of who judged next, and whether they agree. */
export type Pair = Schemas["PairOut"];
export type Agreement = Pair["result"];
