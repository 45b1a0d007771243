import { main } from "@dawr/runtime";
import { identity } from "./service.ts";

await main(identity);
