/** A part of a scene. @throws Error before the scene is started. */
export function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the scene is not started');
  return part;
}
