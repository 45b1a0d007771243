import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { z } from "zod";

/** What makes a salon, a barber, a clinic: configuration, never code. */
export type Verticals = {
  readonly verticals: readonly VerticalSettings[];
  /** Parents before their children. */
  readonly categories: readonly CategorySettings[];
  /** The ids of a vertical's categories; undefined when there is no such vertical. */
  categoriesOf(vertical: string): ReadonlySet<string> | undefined;
};

const id = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const texts = z.record(z.string(), z.string().min(1)).refine((t) => "en" in t && "ar" in t, "needs en and ar");

const verticalSettings = z.strictObject({
  id,
  displayName: texts,
  requiredDocuments: z.array(id),
  resourceKinds: z.array(id),
  health: z.boolean(),
  dependentKinds: z.array(z.enum(["CHILD", "PET"])),
});

const categorySettings = z.strictObject({ id, vertical: id, parent: z.union([id, z.literal("")]), displayName: texts });

const settings = z.strictObject({ verticals: z.array(verticalSettings).min(1), categories: z.array(categorySettings) });

export type VerticalSettings = z.infer<typeof verticalSettings>;
export type CategorySettings = z.infer<typeof categorySettings>;

const builtIn = new URL("../../verticals.json", import.meta.url);

/** Reads verticals and categories from a JSON file, the built-in one unless told; throws when it does not fit together. */
export async function loadVerticals(file?: string): Promise<Verticals> {
  const { verticals, categories } = settings.parse(
    JSON.parse(await readFile(file === undefined ? builtIn : pathToFileURL(file), "utf8")),
  );
  const byVertical = new Map(verticals.map((vertical) => [vertical.id, new Set<string>()]));
  const seen = new Set<string>();
  for (const category of categories) {
    const siblings = byVertical.get(category.vertical);
    if (siblings === undefined) throw new Error(`category ${category.id}: no vertical ${category.vertical}`);
    if (category.parent !== "" && !siblings.has(category.parent)) {
      throw new Error(`category ${category.id}: no parent ${category.parent} before it`);
    }
    if (seen.has(category.id)) throw new Error(`category ${category.id} is there twice`);
    seen.add(category.id);
    siblings.add(category.id);
  }
  return { verticals, categories, categoriesOf: (vertical) => byVertical.get(vertical) };
}
