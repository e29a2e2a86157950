/** What Node substitutes for bytes that are not valid UTF-8. */
export const REPLACEMENT_CHARACTER = '\ufffd';
