import { create } from "@bufbuild/protobuf";
import {
  type Balance,
  BalanceSchema,
  type GetBalanceRequest,
  type LedgerVerification,
  LedgerVerificationSchema,
  type ListTransfersRequest,
  type ListTransfersResponse,
  ListTransfersResponseSchema,
  Transfer_Kind,
} from "@dawr/gen/dawr/payment/v1/ledger_pb.js";
import { readPageToken, type Store, signPageToken, type TokenKey } from "@dawr/store";
import { z } from "zod";
import { exponentOf } from "../domain/currency.ts";
import type { TransferKind } from "../domain/ledger.ts";
import { idOf, ledgerAccountName, paymentName, refundName } from "../names.ts";
import { balanceOf, listTransfers, type StoredTransfer } from "../store/ledger.ts";
import { verifyLedger } from "../store/verify-ledger.ts";
import { timestamp } from "./payment-to-proto.ts";

/** What showing the ledger needs. */
export type LedgerDeps = {
  readonly store: Store;
  readonly keys: TokenKey;
  readonly now: () => Temporal.Instant;
};

const defaultPageSize = 50;
const cursorShape = z.string();

/** Adds up the entries of an account in one currency; an account without entries has a balance of nothing. (PY-05) */
export const getBalanceRpc =
  ({ store, now }: LedgerDeps) =>
  async (request: GetBalanceRequest): Promise<Balance> => {
    const { ledgerAccount, currencyCode } = request;
    exponentOf(currencyCode);
    const amountMinor = await store.read((tx) => balanceOf(tx, idOf(ledgerAccount), currencyCode));
    return create(BalanceSchema, {
      ledgerAccount,
      balance: { currencyCode, amountMinor },
      readTime: timestamp(now()),
    });
  };

/** Lists transfers, the latest first. */
export const listTransfersRpc =
  ({ store, keys }: LedgerDeps) =>
  async (request: ListTransfersRequest): Promise<ListTransfersResponse> => {
    const query = { method: "ListTransfers", account: request.ledgerAccount, payment: request.payment };
    const cursor = readPageToken({ key: keys, query, token: request.pageToken });
    const limit = request.pageSize === 0 ? defaultPageSize : request.pageSize;
    const found = await store.read((tx) =>
      listTransfers(tx, {
        account: request.ledgerAccount === "" ? undefined : idOf(request.ledgerAccount),
        paymentId: request.payment === "" ? undefined : idOf(request.payment),
        before: cursor === undefined ? undefined : cursorShape.parse(cursor),
        limit: limit + 1,
      }),
    );
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return create(ListTransfersResponseSchema, {
      transfers: page.map(transferToProto),
      nextPageToken: last === undefined ? "" : signPageToken({ key: keys, query, cursor: last.id }),
    });
  };

/** Adds up everything, and says what does not fit. (PY-05) */
export const verifyLedgerRpc =
  ({ store, now }: LedgerDeps) =>
  async (): Promise<LedgerVerification> => {
    const { transferCount, entryCount, problems } = await store.read(verifyLedger);
    return create(LedgerVerificationSchema, {
      balanced: problems.length === 0,
      transferCount,
      entryCount,
      problems: [...problems],
      readTime: timestamp(now()),
    });
  };

function transferToProto(transfer: StoredTransfer) {
  const { paymentId, refundId } = transfer;
  return {
    name: `transfers/${transfer.id}`,
    kind: kinds[transfer.kind],
    payment: paymentName(paymentId),
    refund: refundId === undefined ? "" : refundName(paymentId, refundId),
    entries: transfer.entries.map(({ account, currencyCode, amountMinor }) => ({
      ledgerAccount: ledgerAccountName(account),
      amount: { currencyCode, amountMinor },
    })),
    createTime: timestamp(transfer.createTime),
  };
}

const kinds = {
  CAPTURE: Transfer_Kind.PAYMENT,
  REFUND_REQUESTED: Transfer_Kind.REFUND,
  REFUND_SUCCEEDED: Transfer_Kind.REFUND,
  REFUND_FAILED: Transfer_Kind.REFUND,
} as const satisfies Record<TransferKind, Transfer_Kind>;
