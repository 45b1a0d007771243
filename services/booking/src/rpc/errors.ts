import { Code } from "@connectrpc/connect";
import { defineErrors } from "@dawr/rpc";

/** What booking's reasons become for callers (dawr.booking.v1.ErrorReason). */
export const errors = defineErrors({
  domain: "booking.dawr",
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
        en: "This time is not offered. Please choose another.",
        ar: "هذا الموعد غير متاح. يُرجى اختيار موعد آخر.",
      },
    },
    HOLD_EXPIRED: {
      code: Code.FailedPrecondition,
      message: {
        en: "The time was held for you and is free again. Please choose it once more.",
        ar: "انتهت مدة حجز الموعد المؤقت. يُرجى اختياره من جديد.",
      },
    },
    HOLD_LIMIT_REACHED: {
      code: Code.ResourceExhausted,
      message: {
        en: "You are holding {limit} times already. Book or release one first.",
        ar: "لديك {limit} مواعيد محجوزة مؤقتًا. أكمل حجز أحدها أو ألغِه أولًا.",
      },
    },
    QUOTE_INVALID: {
      code: Code.InvalidArgument,
      message: {
        en: "The price offer is not valid. Please ask for a new one.",
        ar: "عرض السعر غير صالح. يُرجى طلب عرض جديد.",
      },
    },
    QUOTE_EXPIRED: {
      code: Code.FailedPrecondition,
      message: {
        en: "The price offer has ended. Please ask for a new one.",
        ar: "انتهت صلاحية عرض السعر. يُرجى طلب عرض جديد.",
      },
    },
    QUOTE_MISMATCH: {
      code: Code.FailedPrecondition,
      message: {
        en: "The price offer is for something else. Please ask for a new one.",
        ar: "عرض السعر لا يخص هذا الحجز. يُرجى طلب عرض جديد.",
      },
    },
    BOOKING_STATE_WRONG: {
      code: Code.FailedPrecondition,
      message: { en: "This is not possible for the booking any more.", ar: "لم يعد هذا ممكنًا لهذا الحجز." },
    },
    BOOKING_NOT_CANCELLABLE: {
      code: Code.FailedPrecondition,
      message: { en: "The booking cannot be cancelled any more.", ar: "لا يمكن إلغاء هذا الحجز الآن." },
    },
    PENALTY_NOT_ACCEPTED: {
      code: Code.FailedPrecondition,
      message: {
        en: "The cost of cancelling has changed. Please look at it again.",
        ar: "تغيّرت كلفة الإلغاء. يُرجى مراجعتها من جديد.",
      },
    },
    PROVIDER_NOT_BOOKABLE: {
      code: Code.FailedPrecondition,
      message: { en: "This provider cannot be booked at the moment.", ar: "لا يمكن الحجز لدى مقدم الخدمة حاليًا." },
    },
    SERVICE_NOT_BOOKABLE: {
      code: Code.FailedPrecondition,
      message: {
        en: "This service cannot be booked. Please choose another.",
        ar: "لا يمكن حجز هذه الخدمة. يُرجى اختيار خدمة أخرى.",
      },
    },
    STAFF_NOT_ABLE: {
      code: Code.FailedPrecondition,
      message: {
        en: "This person does not offer the service. Please choose another.",
        ar: "هذا الموظف لا يقدم الخدمة. يُرجى اختيار غيره.",
      },
    },
    ADD_ON_UNKNOWN: {
      code: Code.InvalidArgument,
      message: { en: "The extra does not belong to the service.", ar: "الإضافة لا تتبع هذه الخدمة." },
    },
    PAYMENT_METHOD_NOT_OFFERED: {
      code: Code.FailedPrecondition,
      message: { en: "The provider does not take this way of paying.", ar: "مقدم الخدمة لا يقبل طريقة الدفع هذه." },
    },
    RETURN_URL_NOT_ALLOWED: {
      code: Code.InvalidArgument,
      message: { en: "The return address is not allowed.", ar: "عنوان العودة غير مسموح به." },
    },
    PAYMENT_UNAVAILABLE: {
      code: Code.Unavailable,
      message: {
        en: "The payment could not be started. Nothing was charged; please try again.",
        ar: "تعذّر بدء الدفع ولم يُخصم شيء. يُرجى المحاولة مجددًا.",
      },
    },
    TOO_YOUNG: {
      code: Code.FailedPrecondition,
      message: {
        en: "This service is for people of {min_age_years} and older.",
        ar: "هذه الخدمة لمن عمره {min_age_years} سنة فأكثر.",
      },
    },
    OTHER_PROVIDER: {
      code: Code.InvalidArgument,
      message: { en: "What was chosen belongs to another provider.", ar: "ما تم اختياره يتبع مقدم خدمة آخر." },
    },
    RESCHEDULE_LIMIT_REACHED: {
      code: Code.FailedPrecondition,
      message: {
        en: "This booking has been moved as often as its terms allow.",
        ar: "تم نقل هذا الحجز بقدر ما تسمح به شروطه.",
      },
    },
    RESCHEDULE_TOO_LATE: {
      code: Code.FailedPrecondition,
      message: {
        en: "It is too late to move this booking. Please write to the provider.",
        ar: "فات أوان نقل هذا الحجز. يُرجى مراسلة مقدم الخدمة.",
      },
    },
    TOO_EARLY: {
      code: Code.FailedPrecondition,
      message: {
        en: "It is too early for this: the booking has not begun.",
        ar: "لا يزال الوقت مبكرًا: لم يبدأ الحجز بعد.",
      },
    },
    REASON_REQUIRED: {
      code: Code.InvalidArgument,
      message: { en: "Please give a reason for the correction.", ar: "يُرجى ذكر سبب التصحيح." },
    },
    DEPENDENT_UNKNOWN: {
      code: Code.InvalidArgument,
      message: { en: "Please choose one of your own dependents.", ar: "يُرجى اختيار أحد المعالين المسجلين لديك." },
    },
    ADDRESS_REQUIRED: {
      code: Code.InvalidArgument,
      message: {
        en: "Please say where the provider should come to.",
        ar: "يُرجى تحديد العنوان الذي يأتي إليه مقدم الخدمة.",
      },
    },
    PLACES_DIFFER: {
      code: Code.InvalidArgument,
      message: {
        en: "These services take place at different places. Please book them one by one.",
        ar: "هذه الخدمات تُقدَّم في أماكن مختلفة. يُرجى حجز كل منها على حدة.",
      },
    },
    CUSTOMER_UNKNOWN: {
      code: Code.FailedPrecondition,
      message: {
        en: "This person has never booked here. Please book for a guest instead.",
        ar: "لم يسبق لهذا الشخص الحجز هنا. يُرجى الحجز له كضيف.",
      },
    },
    STAFF_CHOICES_MISMATCH: {
      code: Code.InvalidArgument,
      message: {
        en: "Please choose a staff member for each of the {items} services.",
        ar: "يُرجى اختيار موظف لكل خدمة من الخدمات وعددها {items}.",
      },
    },
    FIELD_NOT_YOURS: {
      code: Code.InvalidArgument,
      message: { en: "You cannot change this part of the booking.", ar: "لا يمكنك تغيير هذا الجزء من الحجز." },
    },
    DEPENDENT_KIND_NOT_SERVED: {
      code: Code.FailedPrecondition,
      message: {
        en: "This provider cannot be booked for the dependent that you chose.",
        ar: "لا يمكن الحجز لدى مقدم الخدمة هذا لمن اخترته من المُعالين.",
      },
    },
    NOT_ONLINE: {
      code: Code.FailedPrecondition,
      message: {
        en: "The booking does not take place online, so there is nothing to join.",
        ar: "هذا الحجز لا يتم عبر الإنترنت، فلا رابط للانضمام إليه.",
      },
    },
  },
});
