export { ConfigError, type ConfigProblem } from "./config-error.ts";
export { describeConfig } from "./describe-config.ts";
export {
  bigintField,
  choiceField,
  databaseUrlField,
  durationField,
  flagField,
  integerField,
  listField,
  numberField,
  offsetField,
  portField,
  secret,
  secretField,
  textField,
  urlField,
} from "./field.ts";
export { type ConfigShape, type ConfigValues, type Env, parseConfig } from "./parse-config.ts";
