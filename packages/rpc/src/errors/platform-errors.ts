import { Code } from "@connectrpc/connect";
import { defineErrors } from "./error-table.ts";

/** The reasons that every service of the platform may give (dawr.type.v1.ErrorReason). */
export const platformErrors = defineErrors({
  domain: "dawr",
  reasons: {
    INTERNAL: {
      code: Code.Internal,
      message: {
        en: "Something went wrong on our side. Please try again later. ({error_id})",
        ar: "حدث خطأ لدينا. يُرجى المحاولة لاحقًا. ({error_id})",
      },
    },
    UNAVAILABLE: {
      code: Code.Unavailable,
      message: {
        en: "The service is not available right now. Please try again in a moment.",
        ar: "الخدمة غير متاحة الآن. يُرجى المحاولة بعد قليل.",
      },
    },
    DEADLINE_EXCEEDED: {
      code: Code.DeadlineExceeded,
      message: {
        en: "This took too long. Please try again.",
        ar: "استغرق الطلب وقتًا أطول من المسموح. يُرجى المحاولة مجددًا.",
      },
    },
    CANCELLED: {
      code: Code.Canceled,
      message: { en: "The request was cancelled.", ar: "أُلغي الطلب." },
    },
    MALFORMED_MESSAGE: {
      code: Code.InvalidArgument,
      message: {
        en: "The request could not be read{problem_count, plural, =0 {} other {: {problems}}}.",
        ar: "تعذّرت قراءة الطلب{problem_count, plural, =0 {} other {: {problems}}}.",
      },
    },
    VALIDATION_FAILED: {
      code: Code.InvalidArgument,
      message: {
        en: "Please correct: {problem_count, plural, =0 {{fields}} other {{problems}}}.",
        ar: "يُرجى تصحيح: {problem_count, plural, =0 {{fields}} other {{problems}}}.",
      },
    },
    UNKNOWN_METHOD: {
      code: Code.Unimplemented,
      message: { en: "There is no such method.", ar: "لا توجد طريقة بهذا الاسم." },
    },
    NOT_OFFERED: {
      code: Code.Unimplemented,
      message: { en: "This is not offered yet.", ar: "هذه الميزة غير متوفرة بعد." },
    },
    UNSUPPORTED_CONTENT_TYPE: {
      code: Code.InvalidArgument,
      message: {
        en: "The content type is not supported. Send a POST with one of {content_types}.",
        ar: "نوع المحتوى غير مدعوم. أرسل طلب POST بأحد الأنواع {content_types}.",
      },
    },
    UNSUPPORTED_COMPRESSION: {
      code: Code.Unimplemented,
      message: { en: "The compression is not supported.", ar: "طريقة الضغط غير مدعومة." },
    },
    BODY_TOO_LARGE: {
      code: Code.ResourceExhausted,
      message: { en: "What was sent is too large.", ar: "حجم البيانات المرسلة أكبر من المسموح." },
    },
    TOKEN_MISSING: {
      code: Code.Unauthenticated,
      message: { en: "Please log in.", ar: "يُرجى تسجيل الدخول." },
    },
    TOKEN_INVALID: {
      code: Code.Unauthenticated,
      message: { en: "Please log in again.", ar: "يُرجى تسجيل الدخول من جديد." },
    },
    TOKEN_EXPIRED: {
      code: Code.Unauthenticated,
      message: { en: "Your session has to be renewed.", ar: "يجب تجديد جلستك." },
    },
    NOT_FOUND: {
      code: Code.NotFound,
      message: { en: "This does not exist.", ar: "هذا العنصر غير موجود." },
    },
    RATE_LIMITED: {
      code: Code.ResourceExhausted,
      message: { en: "Too many requests. Please wait a moment.", ar: "طلبات كثيرة. يُرجى الانتظار قليلًا." },
    },
    REQUEST_ID_REUSED: {
      code: Code.AlreadyExists,
      message: {
        en: "This request was already made with other contents.",
        ar: "سبق إرسال هذا الطلب بمحتوى مختلف.",
      },
    },
    PAGE_TOKEN_INVALID: {
      code: Code.InvalidArgument,
      message: { en: "Please start at the first page again.", ar: "يُرجى البدء من الصفحة الأولى." },
    },
    RESUME_TOKEN_INVALID: {
      code: Code.InvalidArgument,
      message: {
        en: "The stream cannot be resumed here. Please start again.",
        ar: "لا يمكن استئناف البث. يُرجى البدء من جديد.",
      },
    },
    ETAG_MISMATCH: {
      code: Code.Aborted,
      message: {
        en: "This was changed meanwhile. Please look at it again.",
        ar: "تغيّر هذا العنصر في الأثناء. يُرجى الاطلاع عليه مجددًا.",
      },
    },
    STREAM_TOO_SLOW: {
      code: Code.Aborted,
      message: { en: "The connection fell behind. Please reconnect.", ar: "تأخر الاتصال. يُرجى إعادة الاتصال." },
    },
    CONTENTION: {
      code: Code.Aborted,
      message: {
        en: "Others changed this at the same time. Please try again.",
        ar: "عدّل آخرون هذا العنصر في الوقت نفسه. يُرجى المحاولة مجددًا.",
      },
    },
  },
});

export type PlatformReason = keyof typeof platformErrors.reasons;
