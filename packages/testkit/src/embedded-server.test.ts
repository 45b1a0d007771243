import { describe, expect, test } from "@jest/globals";
import type pg from "pg";
import { asAdmin } from "./admin.ts";

describe("the run's PostgreSQL", () => {
  test("knows letters beyond ASCII", async () => {
    const { rows } = await asAdmin((client: pg.Client) =>
      client.query("select upper('é') as upper, current_setting('server_encoding') as encoding"),
    );
    expect(rows).toEqual([{ upper: "É", encoding: "UTF8" }]);
  });
});
