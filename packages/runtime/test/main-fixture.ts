import { main } from "../src/index.ts";
import { testingService } from "./services.ts";

// What a service's main.ts is, with one more thing that a test can make go wrong.
process.on("SIGUSR2", () => {
  throw new Error("nobody expected this");
});
await main(testingService());
