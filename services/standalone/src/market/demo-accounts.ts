import { create } from "@bufbuild/protobuf";
import { Vertical_DependentKind as Kind } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { Dependent_Sex, DependentSchema } from "@dawr/gen/dawr/identity/v1/dependent_pb.js";

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

/** The child and the cat of the first of them. (ID-08) */
export const demoDependents = [
  create(DependentSchema, {
    name: `accounts/${demoAccounts[0].id}/dependents/01900000-0000-7000-8000-000000000011`,
    kind: Kind.CHILD,
    displayName: "زينة",
    birthDate: { year: 2018, month: 9, day: 3 },
  }),
  create(DependentSchema, {
    name: `accounts/${demoAccounts[0].id}/dependents/01900000-0000-7000-8000-000000000012`,
    kind: Kind.PET,
    displayName: "مشمش",
    birthDate: { year: 2023, month: 4, day: 20 },
    species: "cat",
    breed: "Angora",
    weightGrams: 4_200,
    sex: Dependent_Sex.FEMALE,
    vaccinations: [{ vaccine: "rabies", date: { year: 2025, month: 10, day: 12 } }],
  }),
];
