/** What Node reads in the place of bytes that are no UTF-8: whatever they were is lost by then. */
export const REPLACEMENT_CHARACTER = '\ufffd';
