/** A rule of the contract, by its name and its value ("lte", "999"); a rule of its own words says what it wants. */
export type FieldRule = {
  readonly name: string;
  readonly limit?: string | undefined;
  readonly text?: string | undefined;
};

/** What is wrong with one field of a request, named as JSON names it: "items[0].staffMember". */
export type FieldProblem = { readonly field: string; readonly rules: readonly FieldRule[] };

/** More than these are not told: in gRPC an error travels in headers, whose size is limited. */
const mostProblems = 20;

/** A refusal for what fields of the request hold, each named with the rule that it breaks. */
export class FieldsError extends Error {
  override readonly name = "FieldsError";
  readonly reason: "MALFORMED_MESSAGE" | "VALIDATION_FAILED";
  readonly metadata: Readonly<Record<string, string>>;
  readonly problems: readonly FieldProblem[];

  constructor(reason: FieldsError["reason"], problems: readonly FieldProblem[], options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.problems = problems.slice(0, mostProblems);
    this.metadata = summaryOf(this.problems);
  }
}

/** The refusal of a handler that finds fields missing, or not as `rule` wants them. */
export function invalid(fields: string | readonly string[], rule: FieldRule = { name: "required" }): FieldsError {
  const named = typeof fields === "string" ? [fields] : fields;
  return new FieldsError(
    "VALIDATION_FAILED",
    named.map((field) => ({ field, rules: [rule] })),
  );
}

/** As programs read it: the fields, and what each of them breaks, as in "number: lte 999". */
function summaryOf(problems: readonly FieldProblem[]): Record<string, string> {
  const fields = [...new Set(problems.map(({ field }) => field))].filter((field) => field !== "").join(", ");
  const rules = problems
    .map(({ field, rules: broken }) => `${field === "" ? "" : `${field}: `}${broken.map(ruleNotation).join(", ")}`)
    .join("; ");
  return { ...(fields === "" ? {} : { fields }), ...(rules === "" ? {} : { rules }) };
}

function ruleNotation({ name, limit = "" }: FieldRule): string {
  return limit === "" ? name : `${name} ${limit}`;
}
