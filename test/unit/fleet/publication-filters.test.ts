import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { filterMatches, publicationFilters } from '../../../src/fleet/topics.ts'
import { readScenarios } from '../../kit/scenario.ts'

const folder = new URL('../../scenarios/', import.meta.url)
const everything = publicationFilters({ shadow: { getOverMqtt: true, replies: true } })

/** Topics of everything that the scenarios say is published for things. */
function publishedTopics(): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.startsWith('fleets-'))
  const lines = files.flatMap((file) =>
    readScenarios(new URL(file, folder)).flatMap(({ steps }) => steps.flatMap(({ out }) => out ?? [])),
  )
  return lines.flatMap(({ mqtt }) =>
    typeof mqtt === 'object' && mqtt !== null && 'topic' in mqtt && typeof mqtt.topic === 'string' ? [mqtt.topic] : [],
  )
}

/** Guards fleet/topics.ts `publicationFilters`, by which `bridge acl` lets the bridge publish. */
test('every publication of the scenarios is to a topic that the access lists name', () => {
  const topics = publishedTopics()
  expect(topics.length).toBeGreaterThan(30)
  const unnamed = topics.filter((topic) => !everything.some((filter) => filterMatches(filter, topic)))
  expect(unnamed).toEqual([])
})

test('and each kind of topic is published in some scenario', () => {
  const topics = publishedTopics()
  const kinds = everything.filter((filter) => !topics.some((topic) => filterMatches(filter, topic)))
  // No scenario asks for a shadow over MQTT (fleet.shadow.getOverMqtt).
  expect(kinds).toEqual(['$emqx/things/+/shadow/get/accepted', '$emqx/things/+/shadow/get/rejected'])
})

test('what is turned off is not in the list', () => {
  const least = publicationFilters({ shadow: { getOverMqtt: false, replies: false } })
  expect(least.filter((filter) => filter.includes('shadow'))).toEqual([
    '$emqx/things/+/shadow/update',
    '$emqx/things/+/shadow/update/delta',
  ])
})
