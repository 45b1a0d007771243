/** The platform's version, as telemetry and the services' banners tell it. */
export const version = "0.1.0";
