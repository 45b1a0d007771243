import { Code } from "@connectrpc/connect";
import { defineErrors } from "@dawr/rpc";

/** What identity's reasons become for callers (dawr.identity.v1.ErrorReason). */
export const errors = defineErrors({
  domain: "identity.dawr",
  reasons: {
    CREDENTIALS_INVALID: {
      code: Code.Unauthenticated,
      message: {
        en: "The address, the password or the code is not right.",
        ar: "البريد أو كلمة المرور أو الرمز غير صحيح.",
      },
    },
    CODE_INVALID: {
      code: Code.InvalidArgument,
      message: {
        en: "The code is not right or has ended. Please ask for a new one.",
        ar: "الرمز غير صحيح أو انتهت صلاحيته. اطلب رمزًا جديدًا.",
      },
    },
    ACCOUNT_LOCKED: {
      code: Code.ResourceExhausted,
      message: { en: "Too many attempts. Please wait a while.", ar: "محاولات كثيرة. يُرجى الانتظار قليلًا." },
    },
    PASSWORD_WEAK: {
      code: Code.InvalidArgument,
      message: {
        en: "This password is easily guessed. Please choose a longer one.",
        ar: "كلمة المرور سهلة التخمين. اختر كلمة أطول.",
      },
    },
    PASSWORD_LEAKED: {
      code: Code.InvalidArgument,
      message: {
        en: "This password is known from a leak. Please choose another.",
        ar: "كلمة المرور هذه مسرّبة. اختر غيرها.",
      },
    },
    TOO_YOUNG: {
      code: Code.FailedPrecondition,
      message: { en: "You must be {min_age_years} or older.", ar: "يجب أن يكون عمرك {min_age_years} سنة فأكثر." },
    },
    CONTACT_NOT_VERIFIED: {
      code: Code.FailedPrecondition,
      message: { en: "Please verify your e-mail address first.", ar: "يُرجى تأكيد بريدك الإلكتروني أولًا." },
    },
    ACCOUNT_SUSPENDED: {
      code: Code.PermissionDenied,
      message: {
        en: "This account is suspended. Please write to support.",
        ar: "هذا الحساب موقوف. يُرجى مراسلة الدعم.",
      },
    },
    REFRESH_TOKEN_INVALID: {
      code: Code.Unauthenticated,
      message: { en: "Please log in again.", ar: "يُرجى تسجيل الدخول من جديد." },
    },
    LAST_OWNER: {
      code: Code.FailedPrecondition,
      message: {
        en: "A provider needs an owner. Please name another first.",
        ar: "لا بد من مالك واحد على الأقل. عيّن مالكًا آخر أولًا.",
      },
    },
    ROLE_NOT_GRANTABLE: {
      code: Code.PermissionDenied,
      message: { en: "You may not grant this role.", ar: "لا يمكنك منح هذا الدور." },
    },
    LOCALE_UNKNOWN: {
      code: Code.InvalidArgument,
      message: { en: "The language is not known.", ar: "اللغة غير معروفة." },
    },
    ACCOUNT_STATE_WRONG: {
      code: Code.FailedPrecondition,
      message: { en: "This is not possible for the account.", ar: "هذا غير ممكن لهذا الحساب." },
    },
    DEPENDENT_LIMIT_REACHED: {
      code: Code.ResourceExhausted,
      message: {
        en: "You have {limit} dependents already. Please delete one first.",
        ar: "لديك {limit} من المُعالين بالفعل. يُرجى حذف أحدهم أولًا.",
      },
    },
  },
});
