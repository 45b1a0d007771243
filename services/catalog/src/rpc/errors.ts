import { Code } from "@connectrpc/connect";
import { defineErrors } from "@dawr/rpc";

/** What the catalogue's reasons are for callers (dawr.catalog.v1.ErrorReason). */
export const errors = defineErrors({
  domain: "catalog.dawr",
  reasons: {
    PROVIDER_STATE_WRONG: {
      code: Code.FailedPrecondition,
      message: {
        en: "The provider's state ({state}) does not allow this.",
        ar: "حالة مقدّم الخدمة ({state}) لا تسمح بذلك.",
      },
    },
    PROVIDER_INCOMPLETE: {
      code: Code.FailedPrecondition,
      message: {
        en: "Before it can be published, please add: {missing}.",
        ar: "قبل النشر يُرجى إضافة: {missing}.",
      },
    },
    VERTICAL_UNKNOWN: {
      code: Code.InvalidArgument,
      message: { en: "There is no such kind of business: {vertical}.", ar: "لا يوجد نوع نشاط كهذا: {vertical}." },
    },
    CATEGORY_UNKNOWN: {
      code: Code.InvalidArgument,
      message: {
        en: "This kind of business has no such category: {category}.",
        ar: "لا توجد هذه الفئة لهذا النشاط: {category}.",
      },
    },
    TIME_ZONE_UNKNOWN: {
      code: Code.InvalidArgument,
      message: { en: "There is no such time zone: {time_zone}.", ar: "لا توجد منطقة زمنية كهذه: {time_zone}." },
    },
    CURRENCY_WRONG: {
      code: Code.InvalidArgument,
      message: {
        en: "This currency is not possible here: {currency_code}.",
        ar: "هذه العملة غير ممكنة هنا: {currency_code}.",
      },
    },
    FIELD_IMMUTABLE: {
      code: Code.FailedPrecondition,
      message: { en: "This can no longer be changed: {field}.", ar: "لم يعد بالإمكان تغيير هذا الحقل: {field}." },
    },
    REFERENCE_UNKNOWN: {
      code: Code.FailedPrecondition,
      message: { en: "The provider does not have this: {name}.", ar: "هذا العنصر غير موجود لدى مقدّم الخدمة: {name}." },
    },
    ARCHIVED: {
      code: Code.FailedPrecondition,
      message: { en: "What is archived cannot be changed.", ar: "لا يمكن تغيير ما تمت أرشفته." },
    },
    BOOKING_NOT_REVIEWABLE: {
      code: Code.FailedPrecondition,
      message: {
        en: "A visit can be reviewed by whoever booked it, once it is completed.",
        ar: "يمكن لمن حجز الزيارة تقييمها بعد اكتمالها.",
      },
    },
    REVIEW_EXISTS: {
      code: Code.AlreadyExists,
      message: { en: "This visit has been reviewed already.", ar: "سبق تقييم هذه الزيارة." },
    },
  },
});
