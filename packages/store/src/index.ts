export { type ConstraintKind, ConstraintViolation, StatementError, StoreError, type StoreReason } from "./errors.ts";
export { DecryptionError } from "./keys/cipher.ts";
export { type DataKey, dataKey } from "./keys/data-key.ts";
export { dataKeyColumn, destroyDataKey, ensureDataKey, findDataKeys } from "./keys/data-keys.ts";
export { addKeyVersion, createKeyFile, readKeyFile, removeKeyVersionsBefore } from "./keys/key-file.ts";
export { type GivenKeys, type KeyRing, keyFileReadEveryMs, openKeyRing } from "./keys/key-ring.ts";
export { canReadColumn, countUnderOlderKeys, type EncryptedColumn, rotateColumn } from "./keys/rotate-column.ts";
export {
  type MigrateOptions,
  MigrationError,
  migrate,
  pendingMigrations,
  storeMigrations,
} from "./migration/migrate.ts";
export { ownerRole, type PrepareOptions, prepareDatabase, serviceRole } from "./migration/prepare-database.ts";
export { openStore, type Store, type StoreOptions } from "./open-store.ts";
export { type PagedQuery, readPageToken, signPageToken } from "./paging/page-token.ts";
export type { TokenKey } from "./paging/signed-token.ts";
export { type Call, type OnceOptions, once, pruneRequests, replayed } from "./requests/once.ts";
export { derivedRequestId } from "./requests/request-id.ts";
export { type Seal, sealWith } from "./requests/seal.ts";
export type { Tx } from "./tx.ts";
export {
  type ChangeSource,
  type Changes,
  changedSince,
  type Position,
  positionOf,
  readChanges,
  resumeToken,
} from "./watch/read-changes.ts";
export { type WatchMessage, type WatchOptions, watchChanges } from "./watch/watch-changes.ts";
