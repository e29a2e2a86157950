/** One sign of prompt injection. */
export interface Sign {
  readonly weight: number;
  /** Everything that a match can start with. */
  readonly starts: readonly string[];
  /** Tried where one of `starts` is found. Repetitions are bounded to keep time linear. */
  readonly expression: RegExp;
}

const OBJECTS = ['calling', 'using', 'running', 'each', 'every'];

/** Phrases that try to give instructions to the agent that reads the text. */
export const SIGNS: readonly Sign[] = [
  {
    weight: 2,
    starts: ['ignore', 'disregard', 'forget', 'override', 'bypass'],
    expression:
      /\b(?:ignore|disregard|forget|override|bypass)\s(?:\w{1,12}\s){0,3}(?:previous|prior|above|earlier|preceding|safety|system)\s(?:\w{1,12}\s){0,2}(?:instruction|direction|guideline|prompt|rule|command|message|polic)/iy,
  },
  {
    weight: 2,
    starts: ['[system]', 'system', '[inst]', '<<sys>>', '###'],
    expression: /(?<=(?:^|[\n>"(]|<!--)\s{0,4})(?:\[system\]|system\s?:|\[inst\]|<<sys>>|### ?system\b)/iy,
  },
  {
    weight: 3,
    starts: ['<|'],
    expression: /<\|(?:im_start|system|endoftext|start_header_id)\|>/iy,
  },
  {
    weight: 1,
    starts: ['new', 'updated', 'priority'],
    expression: /\b(?:new|updated|priority)\s(?:\w{1,12}\s){0,2}(?:directive|instructions?|orders?)\b/iy,
  },
  {
    weight: 1,
    starts: ['you are now'],
    expression: /\byou are now (?:in|a|an|the|operating|unrestricted|free)\b/iy,
  },
  {
    weight: 1,
    starts: ['unrestricted mode', 'developer mode', 'jailbreak mode', 'god mode', 'dan mode'],
    expression: /\b(?:unrestricted|developer|jailbreak|god|dan) mode\b/iy,
  },
  {
    weight: 2,
    starts: [
      'output',
      'print',
      'reveal',
      'repeat',
      'send',
      'include',
      'return',
      'leak',
      'exfiltrate',
      'upload',
      'post',
      'prepend',
      'append',
      'attach',
      'dump',
    ],
    expression:
      /\b(?:output|print|reveal|repeat|send|include|return|leak|exfiltrate|upload|post|prepend|append|attach|dump)\s(?:\S{1,24}\s){0,6}?(?:system prompt|tool definitions|environment variables|credentials|secrets?\b|api keys?|contents? of [~/.]|\/etc\/|~\/\.|\.env\b|\.ssh\b)/iy,
  },
  {
    weight: 2,
    starts: ['read', 'open', 'cat', 'load', 'fetch'],
    expression:
      /\b(?:read|open|cat|load|fetch)\s(?:\S{1,24}\s){0,5}?(?:\/etc\/(?:passwd|shadow)|~\/\.(?:ssh|aws|netrc|config)|\.env\b|id_rsa)/iy,
  },
  {
    weight: 2,
    starts: [
      'silently',
      'secretly',
      'quietly',
      'without telling',
      'without informing',
      'without asking',
      'without notifying',
    ],
    expression:
      /\b(?:silently|secretly|quietly|without (?:telling|informing|asking|notifying))\b[^.\n]{0,80}\b(?:execute|run|call|send|curl|wget|post|user)\b/iy,
  },
  {
    weight: 2,
    starts: ['must', 'should', 'always', 'first'],
    expression:
      /\b(?:must|should|always|first)\s(?:\w{1,12}\s){0,3}(?:call|use|invoke|run)\s(?:the |this )?(?:\w{1,24}\s)?(?:tool|function|command)\b[^.\n]{0,60}https?:\/\//iy,
  },
  {
    weight: 1,
    starts: ['curl', 'wget', 'nc'],
    expression: /\b(?:curl|wget|nc)\s[^\n]{0,80}(?:\$\(|`|https?:\/\/)/iy,
  },
  {
    weight: 1,
    starts: ['send', 'post', 'upload', 'forward', 'submit'],
    expression: /\b(?:send|post|upload|forward|submit)\s(?:\S{1,24}\s){0,8}?(?:to )?https?:\/\//iy,
  },
  {
    weight: 1,
    starts: ['!['],
    expression: /!\[[^\]]{0,80}\]\(https?:\/\/[^)\s]{1,200}\?[^)\s]{0,80}=/iy,
  },
  {
    weight: 1,
    starts: ['before', 'after'].flatMap((time) => OBJECTS.map((object) => `${time} ${object}`)),
    expression:
      /\b(?:before|after) (?:calling|using|running|each|every)\b[^.\n]{0,60}\b(?:first|also|always)\b/iy,
  },
  {
    weight: 1,
    starts: ['<!--'],
    expression: /<!--[^>]{0,200}(?:instruction|directive|assistant|agent)\b/iy,
  },
  {
    weight: 1,
    starts: ['display:', 'visibility:', 'font-size:'],
    expression: /(?:display:\s?none|visibility:\s?hidden|font-size:\s?0)[^>]{0,80}>[^<]{20,}/iy,
  },
];
