import { kafkaRows } from './kafka-rows.ts'
import { mqttRows } from './mqtt-rows.ts'
import { poisonRows } from './poison-rows.ts'
import { registryRows } from './registry-rows.ts'
import type { Row } from './row.ts'
import { workerRows } from './worker-rows.ts'

/** In the order of the table. */
export const allRows: readonly Row[] = [...workerRows, ...kafkaRows, ...registryRows, ...mqttRows, ...poisonRows]
