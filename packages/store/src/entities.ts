// What stores with MikroORM entities need besides; apart, since MikroORM takes 200 ms and 35 MB to load.
export { bigintType, encryptedText, instantType, plainDateType } from "./entity/column-types.ts";
export { updateRow } from "./entity/update-row.ts";
