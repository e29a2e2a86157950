import type { Tier } from '../smolvm/version.ts';
import type { Channel } from './channel.ts';
import { loopbackAlias } from './loopback-alias.ts';
import { mountedSocket } from './mounted-socket.ts';

const CHANNELS: Readonly<Record<Tier, Channel>> = { alias: loopbackAlias, socket: mountedSocket };

export function channelOf(tier: Tier): Channel {
  return CHANNELS[tier];
}
