import { IdentityError } from "../domain/errors.ts";

/** Refuses passwords that are among the leaked ones (PASSWORD_LEAKED) or easily guessed (PASSWORD_WEAK). (ID-01) */
export async function requireStrongPassword(password: string, personal: readonly string[]): Promise<void> {
  const { leaked, score } = await loadChecker();
  if (leaked.has(password.toLowerCase())) throw new IdentityError("PASSWORD_LEAKED");
  if (score(password, personal) < 3) throw new IdentityError("PASSWORD_WEAK");
}

type Checker = {
  readonly leaked: ReadonlySet<string>;
  score(password: string, personal: readonly string[]): number;
};

let checker: Promise<Checker> | undefined;

/** The dictionaries are several megabytes: they are read when the first password is set, not when the service starts. */
function loadChecker(): Promise<Checker> {
  checker ??= (async () => {
    const [core, common, en] = await Promise.all([
      import("@zxcvbn-ts/core"),
      import("@zxcvbn-ts/language-common"),
      import("@zxcvbn-ts/language-en"),
    ]);
    const leaked = common.dictionary["passwords-common"];
    const factory = new core.ZxcvbnFactory({
      dictionary: { ...common.dictionary, ...en.dictionary },
      graphs: common.adjacencyGraphs,
      translations: en.translations,
    });
    return {
      leaked: new Set(leaked.map(String)),
      score: (password, personal) => factory.check(password.slice(0, 100), [...personal]).score,
    };
  })();
  return checker;
}
