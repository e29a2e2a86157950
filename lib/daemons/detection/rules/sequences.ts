/** Whether so many characters follow each other as in an alphabet, which many programs hold. */
export function holdsSequence(text: string, least: number): boolean {
  let length = 1;
  for (let index = 1; index < text.length; index += 1) {
    length = text.charCodeAt(index) === text.charCodeAt(index - 1) + 1 ? length + 1 : 1;
    if (length >= least) return true;
  }
  return false;
}
