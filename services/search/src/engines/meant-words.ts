import type { Tx } from "@dawr/store";
import { meansWord, variantsOf } from "../domain/typos.ts";

/** For each word of a query the words of the index that it means: those that it begins, and those within typing errors. */
export async function meantWords(tx: Tx, asked: readonly string[]): Promise<readonly (readonly string[])[]> {
  if (asked.length === 0) return [];
  const variants = asked.map((word) => [...variantsOf(word)]);
  const rows = await tx.query<{ place: number; word: string }>(statement, [
    asked,
    variants.flatMap((of, place) => of.map(() => place + 1)),
    variants.flat(),
  ]);
  return asked.map((word, index) => {
    const found = rows.filter(({ place }) => place === index + 1).map((row) => row.word);
    return [...new Set(found)].filter((known) => meansWord(word, known));
  });
}

// In the C collation, what begins with a prefix lies between it and it with the last character of all.
const statement = `
  select a.place::int as place, w.word
  from unnest($1::text[]) with ordinality as a (asked, place)
  join word w on w.word >= a.asked collate "C" and w.word <= (a.asked || chr(1114111)) collate "C"
  union all
  select v.place, w.word
  from unnest($2::int[], $3::text[]) as v (place, variant)
  join word_variant w on w.variant = v.variant collate "C"`;
