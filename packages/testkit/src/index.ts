export { type TestClock, testClock } from "./clock.ts";
export { type TestDatabase, testDatabase } from "./database.ts";
export { eventually } from "./eventually.ts";
export { freePorts } from "./free-ports.ts";
export { testIds } from "./ids.ts";
export { type Platform, type PlatformOverrides, testPlatform } from "./platform.ts";
export { type TestStore, testStore } from "./store.ts";
