import { main } from "@dawr/runtime";
import { booking } from "./service.ts";

await main(booking);
