/** @throws Error with the text when the claim does not hold. */
export function claim(holds: boolean, text: string): void {
  if (!holds) throw new Error(text);
}

/** Resolves like the promise. @throws Error when it takes longer than `milliseconds`. */
export async function inTime<Result>(
  milliseconds: number,
  what: string,
  promise: Promise<Result>,
): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`too slow: ${what}`)), milliseconds);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
