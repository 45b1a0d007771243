import { main } from "@dawr/runtime";
import { gateway } from "./service.ts";

await main(gateway);
