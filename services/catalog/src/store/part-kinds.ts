import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { type Resource, Resource_State, ResourceSchema } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { type Service, Service_State, ServiceSchema } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { type StaffMember, StaffMember_State, StaffMemberSchema } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";

/** What belongs to a provider and is kept in a table of one shape. */
export type Part = Service | StaffMember | Resource;

/** How one kind of part is kept. */
export type PartKind<M extends Part> = {
  readonly table: "service" | "staff_member" | "resource";
  /** In names: "providers/{p}/services/{s}". */
  readonly collection: "services" | "staff" | "resources";
  read(bytes: Uint8Array): M;
  write(message: M): Uint8Array;
  /** What the kind is listed by: a service's category, a resource's kind. */
  sortOf(message: M): string;
  isActive(message: M): boolean;
  setActive(message: M, active: boolean): void;
};

export const serviceKind: PartKind<Service> = {
  table: "service",
  collection: "services",
  read: (bytes) => fromBinary(ServiceSchema, bytes),
  write: (message) => toBinary(ServiceSchema, message),
  sortOf: (message) => message.category,
  isActive: (message) => message.state !== Service_State.ARCHIVED,
  setActive: (message, active) => {
    message.state = active ? Service_State.ACTIVE : Service_State.ARCHIVED;
  },
};

export const staffKind: PartKind<StaffMember> = {
  table: "staff_member",
  collection: "staff",
  read: (bytes) => fromBinary(StaffMemberSchema, bytes),
  write: (message) => toBinary(StaffMemberSchema, message),
  sortOf: () => "",
  isActive: (message) => message.state !== StaffMember_State.ARCHIVED,
  setActive: (message, active) => {
    message.state = active ? StaffMember_State.ACTIVE : StaffMember_State.ARCHIVED;
  },
};

export const resourceKind: PartKind<Resource> = {
  table: "resource",
  collection: "resources",
  read: (bytes) => fromBinary(ResourceSchema, bytes),
  write: (message) => toBinary(ResourceSchema, message),
  sortOf: (message) => message.kind,
  isActive: (message) => message.state !== Resource_State.ARCHIVED,
  setActive: (message, active) => {
    message.state = active ? Resource_State.ACTIVE : Resource_State.ARCHIVED;
  },
};
