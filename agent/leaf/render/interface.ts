import type { Config } from '../../config/options.ts';
import type { UnplacedProblem } from '../../config/problem.ts';

/** The IPv4 address that a network or device has now. */
export type AddressOf = (network: string) => string | undefined;

const loopback = '127.0.0.1';

/** The config with the address of leaf.interface for leaf.listen; while it has none, only this device is served. */
export function onInterface(
  config: Config,
  addressOf: AddressOf,
): { config: Config; findings: readonly UnplacedProblem[] } {
  const { interface: network, mode } = config.leaf;
  if (network === undefined || mode !== 'managed') return { config, findings: [] };
  const address = addressOf(network);
  const message = `has no IPv4 address now: the leaf listens on ${loopback} only`;
  return {
    config: { ...config, leaf: { ...config.leaf, listen: address ?? loopback } },
    findings:
      address === undefined
        ? [{ option: 'leaf.interface', value: network, message, severity: 'warning' }]
        : [],
  };
}
