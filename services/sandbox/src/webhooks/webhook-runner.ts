/** The runner of webhooks; announce stores steps for it, send-webhooks runs them. */
export const webhookRunner = "sandbox.webhooks";
