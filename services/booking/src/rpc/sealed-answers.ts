import { type KeyRing, type OnceOptions, sealWith } from "@dawr/store";
import { contexts } from "../store/encrypted-columns.ts";

/** How answers are kept for repeated requests that show what is said about a booking, and those requests told apart. (ID-12) */
export function sealedAnswers(keys: KeyRing): Required<Pick<OnceOptions, "seal">> {
  return { seal: sealWith(keys, contexts.answer) };
}
