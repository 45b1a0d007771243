import { main } from "@dawr/runtime";
import { availability } from "./service.ts";

await main(availability);
