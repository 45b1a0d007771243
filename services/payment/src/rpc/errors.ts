import { Code } from "@connectrpc/connect";
import { defineErrors } from "@dawr/rpc";

/** What payment's reasons become for callers (dawr.payment.v1.ErrorReason). */
export const errors = defineErrors({
  domain: "payment.dawr",
  reasons: {
    PAYMENT_EXISTS: {
      code: Code.AlreadyExists,
      message: {
        en: "This booking has a payment of another amount already.",
        ar: "توجد لهذا الحجز عملية دفع أخرى بمبلغ مختلف.",
      },
    },
    PAYMENT_STATE_WRONG: {
      code: Code.FailedPrecondition,
      message: {
        en: "This is not possible any more: the payment is {state}.",
        ar: "لم يعد هذا ممكنًا: حالة الدفع هي {state}.",
      },
    },
    REFUND_EXCEEDS_PAYMENT: {
      code: Code.FailedPrecondition,
      message: {
        en: "More would be given back than is left of the payment.",
        ar: "المبلغ المطلوب ردّه أكبر مما تبقّى من الدفعة.",
      },
    },
    REFUND_EXCEEDS_PRICE: {
      code: Code.FailedPrecondition,
      message: {
        en: "More would be given back than is left of price and tax.",
        ar: "المبلغ المطلوب ردّه أكبر مما تبقّى من السعر والضريبة.",
      },
    },
    AMOUNTS_INCONSISTENT: {
      code: Code.InvalidArgument,
      message: { en: "The amounts do not agree with each other.", ar: "المبالغ غير متوافقة فيما بينها." },
    },
    CURRENCY_NOT_SUPPORTED: {
      code: Code.InvalidArgument,
      message: { en: "The currency {currency_code} is not accepted.", ar: "العملة {currency_code} غير مقبولة." },
    },
    GATEWAY_UNKNOWN: {
      code: Code.NotFound,
      message: { en: "There is no gateway {gateway}.", ar: "لا توجد بوابة دفع باسم {gateway}." },
    },
    GATEWAY_UNAVAILABLE: {
      code: Code.Unavailable,
      message: {
        en: "The payment provider does not answer. Please try again in a moment.",
        ar: "لا يستجيب مزوّد الدفع. يُرجى المحاولة بعد قليل.",
      },
    },
    GATEWAY_REFUSED: {
      code: Code.FailedPrecondition,
      message: {
        en: "The payment provider refused. Nothing was charged.",
        ar: "رفض مزوّد الدفع العملية ولم يُخصم أي مبلغ.",
      },
    },
    WEBHOOK_SIGNATURE_INVALID: {
      code: Code.Unauthenticated,
      message: { en: "The signature is not valid.", ar: "التوقيع غير صالح." },
    },
    WEBHOOK_TOO_OLD: {
      code: Code.FailedPrecondition,
      message: { en: "The signature is too old.", ar: "انتهت صلاحية التوقيع." },
    },
    WEBHOOK_MALFORMED: {
      code: Code.InvalidArgument,
      message: { en: "The notice could not be read.", ar: "تعذّرت قراءة الإشعار." },
    },
    RETURN_URL_NOT_ALLOWED: {
      code: Code.InvalidArgument,
      message: {
        en: "The payment page may not send customers there.",
        ar: "لا يُسمح لصفحة الدفع بإعادة العملاء إلى هذا العنوان.",
      },
    },
  },
});
