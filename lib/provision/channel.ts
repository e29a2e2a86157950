import { channelOf } from '../channels/channel-of.ts';
import type { Provisioner } from './provisioner.ts';

/** Starts the guest's side of the channel to the bundle, such as the relay of the socket tier. */
export const channel: Provisioner = {
  name: 'channel',
  applies: () => true,
  async provision(_bottle, { plan, channel: context, addScript }) {
    addScript(channelOf(plan.smolvm.tier).guestScript(context));
  },
};
