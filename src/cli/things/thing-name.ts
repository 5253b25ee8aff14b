import { isThingName } from '../../fleet/names.ts'
import { UsageError } from '../usage-error.ts'

/** The name of a thing from the command line. Throws UsageError that says what a name is. */
export function readThingName(name: string): string {
  if (isThingName(name)) return name
  throw new UsageError(`${JSON.stringify(name)} is no thing name: no /, +, #, no $ in front, at most 255 characters`)
}
