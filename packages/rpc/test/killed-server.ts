import { serveGrpc } from "../src/index.ts";
import { echoFixture } from "./echo-service.ts";

// Runs until it is killed; tells its parent the port.
const { mounted } = echoFixture();
const { port } = await serveGrpc({ mounted: [mounted], port: 0, host: "127.0.0.1" });
process.send?.(port);
process.once("disconnect", () => process.exit(0));
