import { mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * A Secret as kubelet mounts it: `name` is a link to `..data/name`, `..data` one to a folder with a time in its name,
 * and a change is a new folder and one rename of `..data`. A key that is gone from the Secret is gone from the folder.
 */
export class MountedSecret {
  readonly folder: string
  #version = 0
  #names: readonly string[] = []

  /** `files` by name, with their contents. */
  static async mount(folder: string, files: Readonly<Record<string, string>>): Promise<MountedSecret> {
    await mkdir(folder)
    const secret = new MountedSecret(folder)
    await secret.swap(files)
    return secret
  }

  private constructor(folder: string) {
    this.folder = folder
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  async read(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8')
  }

  async swap(files: Readonly<Record<string, string>>): Promise<void> {
    const before = this.#version
    this.#version += 1
    const names = Object.keys(files)
    await mkdir(join(this.folder, `..${this.#version}`))
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(this.folder, `..${this.#version}`, name), content, { mode: 0o600 })
    }
    await symlink(`..${this.#version}`, this.path('..data_tmp'))
    await rename(this.path('..data_tmp'), this.path('..data'))
    for (const name of names) {
      if (!this.#names.includes(name)) await symlink(join('..data', name), this.path(name))
    }
    for (const name of this.#names) if (!names.includes(name)) await rm(this.path(name))
    this.#names = names
    if (before > 0) await rm(this.path(`..${before}`), { recursive: true })
  }
}
