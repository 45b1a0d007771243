import { Code } from "@connectrpc/connect";
import { defineErrors } from "@dawr/rpc";

/** What messaging's reasons become for callers (dawr.messaging.v1.ErrorReason). */
export const errors = defineErrors({
  domain: "messaging.dawr",
  reasons: {
    TEMPLATE_UNKNOWN: {
      code: Code.InvalidArgument,
      message: { en: "There is no template {template}.", ar: "لا يوجد قالب باسم {template}." },
    },
    ARGUMENTS_MISSING: {
      code: Code.InvalidArgument,
      message: { en: "The message needs more: {missing}.", ar: "تنقص الرسالة بيانات: {missing}." },
    },
    RECIPIENT_UNKNOWN: {
      code: Code.FailedPrecondition,
      message: { en: "There is nobody to write to.", ar: "لا يوجد من يمكن مراسلته." },
    },
  },
});
