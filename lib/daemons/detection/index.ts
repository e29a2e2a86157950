/** The public interface of detection: other folders of `lib` import from here only. */
export { BodyScanner, PacedScanner, scanBytes } from './body-scanner.ts';
export { ContentScanner, mostUnpacked } from './content-scanner.ts';
export { cutOut } from './cut-out.ts';
export { packedStarts } from './decode/packed-file.ts';
export { readableText } from './decode/readable-text.ts';
export { findPromptInjection } from './rules/agent-message.ts';
export { type InjectionLevel, injectionLevel } from './rules/injection.ts';
export { encodingsOf, type KnownSecretFinder, knownSecretFinder } from './rules/known-secrets.ts';
export { scanHost } from './scan-host.ts';
export {
  type Finding,
  type RemoteScan,
  type RemoteScans,
  type ScanOptions,
  type ScanScope,
  scanPlainText,
  scanText,
} from './scan-text.ts';
export { EscapedSearch } from './search/escaped-search.ts';
export { GappedSearch } from './search/gapped-search.ts';
export { SkipSearch } from './search/skip-search.ts';
export { scanned, UnscannableBody } from './unscannable-body.ts';
