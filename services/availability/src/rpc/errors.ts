import { Code } from "@connectrpc/connect";
import { defineErrors } from "@dawr/rpc";

/** The reasons of availability's errors (dawr.availability.v1.ErrorReason) as callers see them. */
export const errors = defineErrors({
  domain: "availability.dawr",
  reasons: {
    SLOT_TAKEN: {
      code: Code.Aborted,
      message: {
        en: "Somebody else has just taken this time. Please choose another.",
        ar: "حجز شخص آخر هذا الموعد للتو. يُرجى اختيار موعد آخر.",
      },
    },
    SLOT_NOT_OFFERED: {
      code: Code.FailedPrecondition,
      message: {
        en: "This time cannot be booked. Please choose another.",
        ar: "لا يمكن حجز هذا الموعد. يُرجى اختيار موعد آخر.",
      },
    },
    RESERVATION_LAPSED: {
      code: Code.FailedPrecondition,
      message: {
        en: "The time for this reservation has run out. Please book again.",
        ar: "انتهت مدة هذا الحجز المؤقت. يُرجى الحجز من جديد.",
      },
    },
    RESERVATION_RELEASED: {
      code: Code.FailedPrecondition,
      message: {
        en: "This reservation was given up. Please book again.",
        ar: "أُلغي هذا الحجز المؤقت. يُرجى الحجز من جديد.",
      },
    },
    FENCING_TOKEN_STALE: {
      code: Code.Aborted,
      message: {
        en: "This reservation was changed in the meantime. Please read it again.",
        ar: "تغيّر هذا الحجز في هذه الأثناء. يُرجى قراءته من جديد.",
      },
    },
    BOOKING_ALREADY_RESERVED: {
      code: Code.AlreadyExists,
      message: { en: "This booking has a time already.", ar: "لهذا الحجز موعد محجوز بالفعل." },
    },
    PROVIDER_NOT_BOOKABLE: {
      code: Code.FailedPrecondition,
      message: { en: "This provider takes no bookings now.", ar: "لا يستقبل مزوّد الخدمة هذا حجوزات حاليًا." },
    },
    SERVICE_NOT_BOOKABLE: {
      code: Code.FailedPrecondition,
      message: { en: "This service cannot be booked.", ar: "لا يمكن حجز هذه الخدمة." },
    },
    STAFF_NOT_ABLE: {
      code: Code.FailedPrecondition,
      message: { en: "This staff member does not offer the service.", ar: "لا يقدّم هذا الموظف الخدمة المطلوبة." },
    },
    ADD_ON_UNKNOWN: {
      code: Code.InvalidArgument,
      message: { en: "This add-on does not belong to the service.", ar: "هذه الإضافة لا تخص الخدمة." },
    },
    HOURS_OVERLAP: {
      code: Code.InvalidArgument,
      message: {
        en: "The hours of {day} overlap or touch. Please merge them.",
        ar: "ساعات {day} متداخلة أو متلاصقة. يُرجى دمجها.",
      },
    },
    DAY_REPEATED: {
      code: Code.InvalidArgument,
      message: { en: "{day} is named twice.", ar: "ورد {day} مرتين." },
    },
    TIME_ZONE_UNKNOWN: {
      code: Code.InvalidArgument,
      message: { en: "The time zone {time_zone} is not known.", ar: "المنطقة الزمنية {time_zone} غير معروفة." },
    },
    OTHER_PROVIDER: {
      code: Code.InvalidArgument,
      message: { en: "What was named belongs to another provider.", ar: "ما ذُكر يخص مزوّد خدمة آخر." },
    },
    MOVE_TOO_LATE: {
      code: Code.FailedPrecondition,
      message: {
        en: "The move took too long and was not made. Please try again.",
        ar: "استغرق نقل الموعد وقتًا أطول من المسموح ولم يتم. يُرجى المحاولة مجددًا.",
      },
    },
  },
});
