import { create } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "@jest/globals";
import { renderPage } from "./page.ts";
import { readReasons } from "./reasons.ts";

const file = (name: string, comment: string | undefined) => ({
  name: `dawr/${name}/v1/errors.proto`,
  package: `dawr.${name}.v1`,
  enumType: [
    {
      name: "ErrorReason",
      value: [
        { name: "ERROR_REASON_UNSPECIFIED", number: 0 },
        { name: "ERROR_REASON_SLOT_TAKEN", number: 1 },
      ],
    },
  ],
  sourceCodeInfo: {
    location: [
      { path: [5, 0], leadingComments: " Gives the reasons. More is\n not shown.\n" },
      ...(comment === undefined ? [] : [{ path: [5, 0, 2, 1], leadingComments: comment }]),
    ],
  },
});

const contracts = (...files: ReturnType<typeof file>[]) => create(FileDescriptorSetSchema, { file: files });

describe("the page of error reasons", () => {
  test("given two domains, when read, then the platform-wide one comes first and comments are one line", () => {
    expect(readReasons(contracts(file("booking", " Somebody\n was faster.\n"), file("type", "x")))).toEqual([
      {
        domain: "dawr",
        about: "Gives the reasons. More is not shown.",
        reasons: [{ name: "SLOT_TAKEN", meaning: "x" }],
      },
      {
        domain: "booking.dawr",
        about: "Gives the reasons. More is not shown.",
        reasons: [{ name: "SLOT_TAKEN", meaning: "Somebody was faster." }],
      },
    ]);
  });

  test("given a reason without a comment, when read, then it is refused", () => {
    expect(() => readReasons(contracts(file("booking", undefined)))).toThrow("dawr/booking/v1/errors.proto");
  });

  test("given a reason with a bar in its comment, when rendered, then the table stays whole", () => {
    const page = renderPage(readReasons(contracts(file("booking", "One | two."))));
    expect(page).toContain("## booking.dawr\n\nGives the reasons.\n\n| reason |");
    expect(page).toContain("| `SLOT_TAKEN` | One \\| two. |\n");
  });
});
