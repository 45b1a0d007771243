import { create } from "@bufbuild/protobuf";
import {
  type QuoteFeesRequest,
  type QuoteFeesResponse,
  QuoteFeesResponseSchema,
} from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { PaymentError } from "../domain/errors.ts";
import { type FeeTable, quoteFees } from "../domain/fees.ts";

/** Quotes the platform's fee of each service and their sum. (PY-03) */
export const quoteFeesRpc =
  (table: FeeTable) =>
  (request: QuoteFeesRequest): QuoteFeesResponse => {
    const currencyCode = request.servicePrices[0]?.currencyCode ?? "";
    if (request.servicePrices.some((price) => price.currencyCode !== currencyCode))
      throw new PaymentError("AMOUNTS_INCONSISTENT", { currency_code: currencyCode });
    const { lines, totalMinor } = quoteFees(
      table,
      currencyCode,
      request.servicePrices.map((price) => price.amountMinor),
    );
    return create(QuoteFeesResponseSchema, {
      fees: lines.map(({ feeMinor }) => ({ currencyCode, amountMinor: feeMinor })),
      totalFee: { currencyCode, amountMinor: totalMinor },
    });
  };
