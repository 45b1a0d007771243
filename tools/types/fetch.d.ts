// Connect's types name what a browser's type library declares. Taking the whole of that library in would let code use a
// browser's globals on a server; this one name is all that is missed.
type HeadersInit = NonNullable<ConstructorParameters<typeof Headers>[0]>;
