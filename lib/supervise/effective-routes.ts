import { join } from 'node:path';
import { bottlePaths } from '../bottle/paths.ts';
import { type Route, routesFile } from '../daemons/contract/egress/routes.ts';
import { readJson } from '../host/read-json.ts';

/** The routes that egress of a bottle is given. @throws BottleError `state-corrupt` when the file is damaged. */
export async function effectiveRoutes(bottle: string): Promise<readonly Route[]> {
  const file = await readJson(join(bottlePaths.egress(bottle), 'routes.yaml'), routesFile);
  return file?.routes ?? [];
}
