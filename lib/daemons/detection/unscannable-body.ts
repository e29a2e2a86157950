/** A body that cannot be looked into; the message says why, for the agent. */
export class UnscannableBody extends Error {}

/** A scan that breaks off has looked at nothing, for all we know. @throws UnscannableBody */
export async function scanned<T>(scan: Promise<T>): Promise<T> {
  try {
    return await scan;
  } catch (error) {
    throw error instanceof UnscannableBody ? error : new UnscannableBody('the scan broke off');
  }
}
