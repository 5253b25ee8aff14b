const errorBody = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }
const retryAfter = {
  'Retry-After': {
    required: true,
    description: 'Seconds to wait.',
    schema: { type: 'string', pattern: '^[1-9][0-9]*$' },
  },
}
const etag = {
  ETag: {
    required: true,
    description: 'The version of the shadow, in quotes.',
    schema: { type: 'string', pattern: '^"(0|[1-9][0-9]*)"$' },
  },
}

function refusal(description: string, message: string, headers: object = {}): object {
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Error' }, { properties: { message: { const: message } } }],
  }
  return { description, headers, content: { 'application/json': { schema } } }
}

/**
 * What the interface of things does (fleets 4.1), for clients and their generators: `/openapi.json` and
 * docs/openapi.json. `test/system/http-api.test.ts` holds the answers of a worker against it.
 */
export const openApi = {
  openapi: '3.1.1',
  info: {
    title: 'Shadows of things',
    version: '1',
    summary: 'Reading the shadow of a thing.',
    description:
      'Requests are refused in this order: 401, 403, 404 no such path, 405, 429, 400, 503, 404 no such thing. ' +
      'A shadow may lag behind what the thing was told by the time that Kafka needs; `version` tells. ' +
      'HEAD is GET without a body. The path `/openapi.json` serves this description and needs no key.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  security: [{ apiKey: [] }],
  paths: {
    '/api/v1/thing-datas/{thingName}/shadow': {
      parameters: [
        {
          name: 'thingName',
          in: 'path',
          required: true,
          description:
            'Name of the thing, percent-encoded as UTF-8: no `/`, `+`, `#` or control character in it, no `$` before it.',
          schema: { type: 'string', minLength: 1, maxLength: 255 },
          example: 'thermostat-1',
        },
      ],
      get: {
        operationId: 'readShadow',
        summary: 'Read the shadow of a thing.',
        parameters: [
          {
            name: 'If-None-Match',
            in: 'header',
            description: 'The ETag of an earlier answer: 304 when nothing was written since.',
            schema: { type: 'string' },
            example: '"7"',
          },
        ],
        responses: {
          200: {
            description: 'The shadow.',
            headers: {
              ...etag,
              'Cache-Control': { required: true, description: 'Never kept.', schema: { const: 'no-store' } },
            },
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Shadow' } } },
          },
          304: { description: 'Nothing was written since the answer with this ETag.', headers: etag },
          400: refusal('The name cannot be decoded, or is not the name of a thing.', 'Invalid thing name'),
          401: refusal('The API key is missing, unknown, disabled, or its secret is wrong.', 'Unauthorized', {
            'WWW-Authenticate': { required: true, description: 'How to log in.', schema: { const: 'Basic' } },
          }),
          403: refusal('The API key may not do this here.', 'Forbidden'),
          404: {
            description: 'The thing is not registered, or there is no such path.',
            content: errorBody,
          },
          405: refusal('Another method than GET and HEAD.', 'Method not allowed', {
            Allow: { required: true, description: 'What there is.', schema: { const: 'GET, HEAD' } },
          }),
          429: refusal('The API key has made too many requests in the last minute.', 'Too many requests', retryAfter),
          500: refusal('A fault of the bridge.', 'Internal service failure'),
          503: refusal('The shadows are still being read after a start.', 'Not ready', retryAfter),
        },
      },
    },
  },
  components: {
    securitySchemes: {
      apiKey: {
        type: 'http',
        scheme: 'basic',
        description: 'API key and secret, as `bridge api-key create` printed them.',
      },
    },
    schemas: {
      Shadow: {
        type: 'object',
        required: ['reported', 'desired', 'delta', 'version', 'updatedAt'],
        additionalProperties: false,
        properties: {
          reported: { type: 'object', description: 'What the thing has reported.' },
          desired: { type: 'object', description: 'What the operator wants.' },
          delta: { type: 'object', description: 'The part of `desired` that `reported` does not match.' },
          version: { type: 'integer', minimum: 0, description: '0: nothing was ever written.' },
          updatedAt: {
            type: ['string', 'null'],
            pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$',
            description: 'Time of the last write in UTC; null with version 0.',
          },
        },
      },
      Error: {
        type: 'object',
        required: ['code', 'message', 'timestamp'],
        additionalProperties: false,
        properties: {
          code: { type: 'integer', description: 'The status.' },
          message: { type: 'string', description: 'What is wrong.' },
          timestamp: { type: 'integer', description: 'Unix seconds.' },
        },
      },
    },
  },
} as const
