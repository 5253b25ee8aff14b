import { request } from 'node:https'

/** An object as Kubernetes takes and gives it. */
export interface ClusterObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly deletionTimestamp?: string
    readonly ownerReferences?: readonly { readonly kind: string; readonly name: string }[]
  }
  // What is inside depends on the kind.
  readonly [member: string]: unknown
}

export interface ApiLogin {
  readonly host: string
  readonly port: number
  /** PEM of the authority that signed the API server's certificate. */
  readonly ca: string
  readonly token: string
}

/** A kind that is served, and what can be done with it. */
interface Resource {
  readonly name: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
}

interface Answer {
  readonly status: number
  readonly body: unknown
  /** What the server says besides, in `Warning` headers: kubectl and Helm print these. */
  readonly warnings: readonly string[]
}

/** The API server refused: the message is its own. */
export class ApiRefusal extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const answerMs = 60_000

/** The few calls of the Kubernetes API that tests need. Paths are those of its reference, query included. */
export class ClusterApi {
  readonly #login: ApiLogin
  readonly #resources = new Map<string, Promise<readonly Resource[]>>()

  constructor(login: ApiLogin) {
    this.#login = login
  }

  async get<T = ClusterObject>(path: string): Promise<T> {
    return (await this.#ask('GET', path)).body as T
  }

  /** The items at a path. Only the list says what they are, so each is told. */
  async list(path: string): Promise<readonly ClusterObject[]> {
    const { apiVersion, kind, items } = await this.get<ClusterObject & { readonly items: ClusterObject[] }>(path)
    return items.map((item) => ({ ...item, apiVersion, kind: kind.replace(/List$/, '') }))
  }

  async create(path: string, object: object): Promise<void> {
    await this.#ask('POST', path, object)
  }

  /** A merge patch. */
  async patch(path: string, change: object): Promise<void> {
    await this.#ask('PATCH', path, change, 'application/merge-patch+json')
  }

  async delete(path: string, options: object = {}): Promise<void> {
    await this.#ask('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', ...options })
  }

  /**
   * A server-side apply, as `kubectl apply --server-side`: creates or changes; unknown fields are refused.
   * @param dryRun nothing is stored, but everything is checked, admission included
   * @returns the warnings of the server
   * @throws ApiRefusal
   */
  async apply(object: ClusterObject, { dryRun = false } = {}): Promise<readonly string[]> {
    const path = `${await this.pathOf(object)}?fieldManager=test&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`
    // JSON is YAML.
    return (await this.#ask('PATCH', path, object, 'application/apply-patch+yaml')).warnings
  }

  /** Where an object is or would be. Throws when the server does not know its kind. */
  async pathOf({
    apiVersion,
    kind,
    metadata,
  }: Pick<ClusterObject, 'apiVersion' | 'kind' | 'metadata'>): Promise<string> {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const known = await this.resources(apiVersion)
    const resource = known.find((each) => each.kind === kind && !each.name.includes('/'))
    if (resource === undefined) throw new ApiRefusal(404, `no resource is a ${apiVersion} ${kind}`)
    const place = resource.namespaced ? `namespaces/${metadata.namespace}/` : ''
    return `${base}/${place}${resource.name}/${metadata.name}`
  }

  /** What is served of a group and version. Asked once. */
  resources(apiVersion: string): Promise<readonly Resource[]> {
    const base = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
    const asked =
      this.#resources.get(apiVersion) ?? this.get<{ resources: Resource[] }>(base).then((all) => all.resources)
    this.#resources.set(apiVersion, asked)
    return asked
  }

  async #ask(method: string, path: string, body?: object, type = 'application/json'): Promise<Answer> {
    const answer = await this.#send(method, path, body, type)
    if (answer.status >= 400) {
      const { message } = answer.body as { readonly message?: string }
      throw new ApiRefusal(answer.status, message ?? `${method} ${path}: HTTP ${answer.status}`)
    }
    return answer
  }

  #send(method: string, path: string, body: object | undefined, type: string): Promise<Answer> {
    const { host, port, ca, token } = this.#login
    const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body))
    // Node.js says how long a body is by itself, but not with DELETE.
    const about = sent === undefined ? {} : { 'content-type': type, 'content-length': sent.length }
    const headers = { authorization: `Bearer ${token}`, ...about }
    return new Promise((resolve, reject) => {
      const asked = request({ host, port, ca, path, method, headers, timeout: answerMs }, (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(parts).toString()
          const warnings = [response.headers['warning'] ?? []].flat().flatMap((line) => line.split(/, (?=299 )/))
          resolve({
            status: response.statusCode ?? 0,
            body: text.startsWith('{') ? JSON.parse(text) : { message: text },
            warnings,
          })
        })
      })
      asked.on('timeout', () => asked.destroy(new Error(`${method} ${path}: no answer in ${answerMs} ms`)))
      asked.on('error', reject)
      asked.end(sent)
    })
  }
}
