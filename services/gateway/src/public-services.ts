import type { DescService } from "@bufbuild/protobuf";
import { AvailabilityService } from "@dawr/gen/dawr/availability/v1/availability_pb.js";
import { ReservationService } from "@dawr/gen/dawr/availability/v1/reservation_pb.js";
import { ScheduleService } from "@dawr/gen/dawr/availability/v1/schedule_pb.js";
import { BookingService } from "@dawr/gen/dawr/booking/v1/booking_pb.js";
import { PolicyService } from "@dawr/gen/dawr/booking/v1/policy_pb.js";
import { CategoryService } from "@dawr/gen/dawr/catalog/v1/category_pb.js";
import { ProviderService } from "@dawr/gen/dawr/catalog/v1/provider_pb.js";
import { ResourceService } from "@dawr/gen/dawr/catalog/v1/resource_pb.js";
import { ReviewService } from "@dawr/gen/dawr/catalog/v1/review_pb.js";
import { ServiceMenuService } from "@dawr/gen/dawr/catalog/v1/service_menu_pb.js";
import { StaffService } from "@dawr/gen/dawr/catalog/v1/staff_pb.js";
import { VerticalService } from "@dawr/gen/dawr/catalog/v1/vertical_pb.js";
import { AccessService } from "@dawr/gen/dawr/identity/v1/access_pb.js";
import { AccountService } from "@dawr/gen/dawr/identity/v1/account_pb.js";
import { AuthenticationService } from "@dawr/gen/dawr/identity/v1/authentication_pb.js";
import { DependentService } from "@dawr/gen/dawr/identity/v1/dependent_pb.js";
import { KeyService } from "@dawr/gen/dawr/identity/v1/key_pb.js";
import { NotificationService } from "@dawr/gen/dawr/messaging/v1/notification_pb.js";
import { LedgerService } from "@dawr/gen/dawr/payment/v1/ledger_pb.js";
import { PaymentService } from "@dawr/gen/dawr/payment/v1/payment_pb.js";
import { SearchService } from "@dawr/gen/dawr/search/v1/search_pb.js";

/** What the public door opens to; methods that the contract marks INTERNAL stay closed in each of them. (GW-01) */
export const publicServices: readonly DescService[] = [
  AuthenticationService,
  AccountService,
  DependentService,
  AccessService,
  KeyService,
  ProviderService,
  StaffService,
  ResourceService,
  ServiceMenuService,
  CategoryService,
  VerticalService,
  ReviewService,
  SearchService,
  ScheduleService,
  AvailabilityService,
  ReservationService,
  BookingService,
  PolicyService,
  PaymentService,
  LedgerService,
  NotificationService,
];
