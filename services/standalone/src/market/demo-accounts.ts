/** Three people whom everybody may be, on a demo market. */
export const demoAccounts = [
  {
    id: "01900000-0000-7000-8000-000000000001",
    email: "layla@example.com",
    name: "ليلى",
    locale: "ar",
    role: "customer",
    password: "dawr-demo-2026",
  },
  {
    id: "01900000-0000-7000-8000-000000000002",
    email: "sam@example.com",
    name: "Sam",
    locale: "en",
    role: "customer",
    password: "dawr-demo-2026",
  },
  {
    id: "01900000-0000-7000-8000-000000000003",
    email: "owner@example.com",
    name: "Omar",
    locale: "en",
    role: "owner of a barbershop in Abdali",
    password: "dawr-demo-2026",
  },
] as const;
