import { main } from "@dawr/runtime";
import { payment } from "./service.ts";

await main(payment);
