import { Code, ConnectError } from "@connectrpc/connect";

/** The one message of a call that takes only one; throws unimplemented, as gRPC demands, when there are none or more. */
export async function single<T>(messages: AsyncIterable<T>): Promise<T> {
  const source = messages[Symbol.asyncIterator]();
  const first = await source.next();
  if (first.done === true) throw new ConnectError("the request message is missing", Code.Unimplemented);
  const second = await source.next();
  if (second.done !== true) throw new ConnectError("there is more than one request message", Code.Unimplemented);
  return first.value;
}

/** The one answer of a method that gives only one. */
export async function onlyAnswer<T>(answers: AsyncIterable<T>): Promise<T> {
  let answer: { readonly message: T } | undefined;
  for await (const message of answers) answer = { message };
  if (answer === undefined) throw new Error("the call ended without an answer");
  return answer.message;
}
