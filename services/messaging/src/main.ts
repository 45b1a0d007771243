import { main } from "@dawr/runtime";
import { messaging } from "./service.ts";

await main(messaging);
