const loopback = '127.0.0.1';

/** The address to listen on: that of the configured interface, loopback while it has none; or the configured one. */
export const listenAddress = (
  { listen, interface: name }: { readonly listen: string; readonly interface?: string | undefined },
  addressOfInterface: (name: string) => string | undefined,
): string => (name === undefined ? listen : (addressOfInterface(name) ?? loopback));
