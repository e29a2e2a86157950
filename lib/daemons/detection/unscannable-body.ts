/** Thrown for a body that cannot be scanned. The message tells the agent why. */
export class UnscannableBody extends Error {}

/** Converts any failure of a scan, since an aborted scan proves nothing. @throws UnscannableBody */
export async function scanned<T>(scan: Promise<T>): Promise<T> {
  try {
    return await scan;
  } catch (error) {
    throw error instanceof UnscannableBody ? error : new UnscannableBody('the scan broke off');
  }
}
