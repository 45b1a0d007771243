import { main } from "@dawr/runtime";
import { catalog } from "./service.ts";

await main(catalog);
