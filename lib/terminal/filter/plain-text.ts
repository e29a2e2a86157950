/** Every sequence that passes the filter, and controls but tabs and line feeds. */
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are the subject
  /\u001b\[[ -?]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[ -/]*[0-~]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Returns filtered output as text without control sequences. Lines that were drawn over each other stay. */
export function plainText(output: string): string {
  return output.replaceAll(SEQUENCES, '');
}
