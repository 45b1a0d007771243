import { Code } from "@connectrpc/connect";
import { defineErrors } from "@dawr/rpc";

/** What search's reasons are for callers (dawr.search.v1.ErrorReason). */
export const errors = defineErrors({
  domain: "search.dawr",
  reasons: {
    PRICE_RANGE_EMPTY: {
      code: Code.InvalidArgument,
      message: { en: "The lowest price is above the highest.", ar: "السعر الأدنى أعلى من السعر الأقصى." },
    },
    REBUILD_RUNNING: {
      code: Code.FailedPrecondition,
      message: { en: "The index is being rebuilt already.", ar: "تجري إعادة بناء الفهرس بالفعل." },
    },
    ENGINE_UNAVAILABLE: {
      code: Code.Unavailable,
      message: {
        en: "Searching is not possible right now. Please try again in a moment.",
        ar: "البحث غير متاح الآن. يُرجى المحاولة بعد قليل.",
      },
    },
  },
});
