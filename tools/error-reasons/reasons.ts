import type { FileDescriptorProto, FileDescriptorSet } from "@bufbuild/protobuf/wkt";

type Reason = Readonly<{ name: string; meaning: string }>;

/** The reasons of one ErrorInfo domain. */
export type Domain = Readonly<{ domain: string; about: string; reasons: readonly Reason[] }>;

const enumName = "ErrorReason";
const prefix = "ERROR_REASON_";
// Field numbers of FileDescriptorProto.enum_type and EnumDescriptorProto.value, by which comments are found.
const enumTypeField = 5;
const valueField = 2;

/** The reasons that the contracts declare, platform-wide ones first; throws when one has no comment. */
export function readReasons(contracts: FileDescriptorSet): readonly Domain[] {
  return contracts.file
    .flatMap(domainsOf)
    .sort((a, b) => Number(b.domain === "dawr") - Number(a.domain === "dawr") || (a.domain < b.domain ? -1 : 1));
}

function domainsOf(file: FileDescriptorProto): readonly Domain[] {
  return file.enumType.flatMap((declared, at) => {
    if (declared.name !== enumName) return [];
    const about = commentAt(file, [enumTypeField, at]);
    const reasons = declared.value.flatMap((value, place) =>
      value.number === 0
        ? []
        : [{ name: value.name.replace(prefix, ""), meaning: commentAt(file, [enumTypeField, at, valueField, place]) }],
    );
    return [{ domain: domainOf(file.package), about, reasons }];
  });
}

/** "dawr.booking.v1" → "booking.dawr"; the reasons of every service are those of "dawr". */
function domainOf(packageName: string): string {
  const service = packageName.split(".")[1];
  return service === undefined || service === "type" ? "dawr" : `${service}.dawr`;
}

function commentAt(file: FileDescriptorProto, path: readonly number[]): string {
  const location = file.sourceCodeInfo?.location.find(({ path: found }) => found.join() === path.join());
  const comment = location?.leadingComments.replaceAll(/\s+/g, " ").trim();
  if (comment === undefined || comment === "") throw new Error(`${file.name}: ${path.join(".")} has no comment`);
  return comment;
}
