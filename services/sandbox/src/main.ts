import { main } from "@dawr/runtime";
import { sandbox } from "./service.ts";

await main(sandbox);
