/** Gauges that no event moves: they are read when somebody asks. */
export const standingGauges = [
  {
    name: 'bridge_build_info',
    help: 'Always 1; the labels say which build runs.',
    labels: ['version', 'node_version'],
  },
  {
    name: 'bridge_pending',
    help: 'Parts of inputs taken in and neither stored nor ignored yet.',
    labels: [],
  },
  {
    name: 'bridge_conservation_difference',
    help: 'Received minus produced, dead-lettered, ignored and pending. Anything but 0 is a bug.',
    labels: [],
  },
] as const

export type StandingGauge = (typeof standingGauges)[number]['name']

export function standingGauge(name: StandingGauge): { name: string; help: string; labelNames: string[] } {
  const found = standingGauges.find((gauge) => gauge.name === name)
  return { name, help: found?.help ?? name, labelNames: [...(found?.labels ?? [])] }
}
