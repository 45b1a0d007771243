import { PaymentError } from "./errors.ts";

/** Decimals of the currency's minor unit by ISO 4217; throws CURRENCY_NOT_SUPPORTED for a code that is none. */
export function exponentOf(currencyCode: string): number {
  const exponent = exponents.get(currencyCode);
  if (exponent === undefined) throw new PaymentError("CURRENCY_NOT_SUPPORTED", { currency_code: currencyCode });
  return exponent;
}

/** Minor units in one whole unit: 1000 for JOD, 100 for AED, 1 for JPY. */
export function wholeUnitMinor(currencyCode: string): bigint {
  return 10n ** BigInt(exponentOf(currencyCode));
}

// ISO 4217, active codes by the number of their decimals.
const codesByExponent: readonly (readonly [number, string])[] = [
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"],
  [
    2,
    `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE
    CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR
    KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB
    PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY
    TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW ZWG`,
  ],
  [3, "BHD IQD JOD KWD LYD OMR TND"],
  [4, "CLF UYW"],
];

const exponents: ReadonlyMap<string, number> = new Map(
  codesByExponent.flatMap(([exponent, codes]) => codes.split(/\s+/).map((code): [string, number] => [code, exponent])),
);
