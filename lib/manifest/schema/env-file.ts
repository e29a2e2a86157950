import { z } from 'zod';
import { plainText } from './plain-text.ts';

/** One dotenv file or several, the later the stronger. */
export const envFile = z
  .union([plainText, z.array(plainText)])
  .transform((paths): readonly string[] => (typeof paths === 'string' ? [paths] : paths));
