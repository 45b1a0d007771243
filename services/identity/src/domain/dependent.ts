/** What the rules of dependents look at. */
export type DependentFacts = {
  readonly isChild: boolean;
  readonly displayName: string;
  readonly birthDate: Temporal.PlainDate | undefined;
  readonly vaccinationDates: readonly Temporal.PlainDate[];
  /** Those of species, breed, weight and sex that it has. */
  readonly petFields: readonly string[];
};

/** A field that makes a dependent impossible, and why. */
export type DependentFault = { readonly field: string; readonly rule: "required" | "not_later" | "of_pets" };

/**
 * What makes a dependent impossible: a child's age must be known, for age limits; species, breed, weight and sex are a
 * pet's; nothing has happened after today. (ID-08, ID-09)
 */
export function faultsOf(dependent: DependentFacts, today: Temporal.PlainDate): readonly DependentFault[] {
  const { isChild, displayName, birthDate, vaccinationDates, petFields } = dependent;
  const isLater = (date: Temporal.PlainDate) => Temporal.PlainDate.compare(date, today) > 0;
  return [
    ...(displayName === "" ? [fault("displayName", "required")] : []),
    ...(isChild && birthDate === undefined ? [fault("birthDate", "required")] : []),
    ...(birthDate !== undefined && isLater(birthDate) ? [fault("birthDate", "not_later")] : []),
    ...(isChild ? petFields.map((field) => fault(field, "of_pets")) : []),
    ...(vaccinationDates.some(isLater) ? [fault("vaccinations", "not_later")] : []),
  ];
}

const fault = (field: string, rule: DependentFault["rule"]): DependentFault => ({ field, rule });
