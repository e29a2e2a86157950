import { foldUnicode, holdsUnicode } from './unicode.ts';

export type InjectionLevel = 'none' | 'medium' | 'high';

interface Sign {
  readonly weight: number;
  readonly expression: RegExp;
}

/** A text is refused from this sum on: one instruction that overrides, and one more sign of an attack. */
const HIGH = 3;
const MEDIUM = 1;

/** What text says that means to steer the agent that reads it. Repetitions are bounded: time stays linear. */
const SIGNS: readonly Sign[] = [
  {
    weight: 2,
    expression:
      /\b(?:ignore|disregard|forget|override|bypass)\s(?:\w{1,12}\s){0,3}(?:previous|prior|above|earlier|preceding|safety|system)\s(?:\w{1,12}\s){0,2}(?:instruction|direction|guideline|prompt|rule|command|message|polic)/i,
  },
  {
    weight: 2,
    expression: /(?:^|[\n>"(]|<!--)\s{0,4}(?:\[system\]|system\s?:|\[inst\]|<<sys>>|### ?system\b)/i,
  },
  { weight: 3, expression: /<\|(?:im_start|system|endoftext|start_header_id)\|>/i },
  {
    weight: 1,
    expression: /\b(?:new|updated|priority)\s(?:\w{1,12}\s){0,2}(?:directive|instructions?|orders?)\b/i,
  },
  { weight: 1, expression: /\byou are now (?:in|a|an|the|operating|unrestricted|free)\b/i },
  { weight: 1, expression: /\b(?:unrestricted|developer|jailbreak|god|dan) mode\b/i },
  {
    weight: 2,
    expression:
      /\b(?:output|print|reveal|repeat|send|include|return|leak|exfiltrate|upload|post|prepend|append|attach|dump)\s(?:\S{1,24}\s){0,6}?(?:system prompt|tool definitions|environment variables|credentials|secrets?\b|api keys?|contents? of [~/.]|\/etc\/|~\/\.|\.env\b|\.ssh\b)/i,
  },
  {
    weight: 2,
    expression:
      /\b(?:read|open|cat|load|fetch)\s(?:\S{1,24}\s){0,5}?(?:\/etc\/(?:passwd|shadow)|~\/\.(?:ssh|aws|netrc|config)|\.env\b|id_rsa)/i,
  },
  {
    weight: 2,
    expression:
      /\b(?:silently|secretly|quietly|without (?:telling|informing|asking|notifying))\b[^.\n]{0,80}\b(?:execute|run|call|send|curl|wget|post|user)\b/i,
  },
  {
    weight: 2,
    expression:
      /\b(?:must|should|always|first)\s(?:\w{1,12}\s){0,3}(?:call|use|invoke|run)\s(?:the |this )?(?:\w{1,24}\s)?(?:tool|function|command)\b[^.\n]{0,60}https?:\/\//i,
  },
  { weight: 1, expression: /\b(?:curl|wget|nc)\s[^\n]{0,80}(?:\$\(|`|https?:\/\/)/i },
  {
    weight: 1,
    expression: /\b(?:send|post|upload|forward|submit)\s(?:\S{1,24}\s){0,8}?(?:to )?https?:\/\//i,
  },
  { weight: 1, expression: /!\[[^\]]{0,80}\]\(https?:\/\/[^)\s]{1,200}\?[^)\s]{0,80}=/i },
  {
    weight: 1,
    expression:
      /\b(?:before|after) (?:calling|using|running|each|every)\b[^.\n]{0,60}\b(?:first|also|always)\b/i,
  },
  { weight: 1, expression: /<!--[^>]{0,200}(?:instruction|directive|assistant|agent)\b/i },
  { weight: 1, expression: /(?:display:\s?none|visibility:\s?hidden|font-size:\s?0)[^>]{0,80}>[^<]{20,}/i },
];

/** Phrases in quotation marks are talked about, not said. */
const QUOTED = /(?<!\w)(['"‘“`])[^'"‘’“”`\n]{4,160}['"’”`](?!\w)/g;

/** How much a text looks like an attack on the agent that will read it. In JSON quotes are syntax, and set nothing apart. */
export function injectionLevel(text: string): InjectionLevel {
  const readable = holdsUnicode(text) ? foldUnicode(text) : text;
  const plain = readable.replace(/\\[nrt]/g, '\n').replace(/\\(["'/\\])/g, '$1');
  const said = isJson(plain) ? plain : plain.replace(QUOTED, ' ');
  const sum = weigh(said);
  if (sum >= HIGH) return 'high';
  return sum >= MEDIUM || weigh(plain) >= MEDIUM ? 'medium' : 'none';
}

const weigh = (text: string) =>
  SIGNS.reduce((sum, { weight, expression }) => (expression.test(text) ? sum + weight : sum), 0);

const isJson = (text: string) => /^\s{0,64}[[{]/.test(text);
