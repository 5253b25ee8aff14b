/**
 * A recursive computation that does not use the stack: where it would call itself, it yields the call and gets its
 * result. A setting allows shadows of any depth.
 */
export interface Deep<T> extends Generator<Deep<T>, T, T> {}

/** The result of a computation and of all that it asks for. */
export function runDeep<T>(whole: Deep<T>): T {
  const open = [whole]
  let step = whole.next(undefined as T)
  for (;;) {
    if (step.done !== true) {
      open.push(step.value)
      step = step.value.next(undefined as T)
      continue
    }
    open.pop()
    const top = open.at(-1)
    if (top === undefined) return step.value
    step = top.next(step.value)
  }
}
