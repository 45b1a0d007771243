import { StoreError } from "@dawr/store";
import { SearchError } from "../domain/errors.ts";

/** An engine's answer; where the engine does not answer, ENGINE_UNAVAILABLE. (OP-08) */
export async function engineAway<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StoreError && error.reason === "UNAVAILABLE") {
      throw new SearchError("ENGINE_UNAVAILABLE", {}, { cause: error });
    }
    throw error;
  }
}
