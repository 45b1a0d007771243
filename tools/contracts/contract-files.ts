import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { DescFile } from "@bufbuild/protobuf";
import { root } from "../check/run-command.ts";

/** The descriptors of every contract of the platform, from the generated code. */
export async function contractFiles(): Promise<readonly DescFile[]> {
  const folder = join(root, "gen/dawr");
  const paths = (await readdir(folder, { recursive: true })).filter((path) => path.endsWith("_pb.js")).sort();
  const modules: readonly object[] = await Promise.all(
    paths.map((path) => import(pathToFileURL(join(folder, path)).href)),
  );
  return modules.flatMap((exported) => Object.values(exported).filter(isFile));
}

function isFile(value: unknown): value is DescFile {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "file";
}
