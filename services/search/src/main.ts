import { main } from "@dawr/runtime";
import { search } from "./service.ts";

await main(search);
