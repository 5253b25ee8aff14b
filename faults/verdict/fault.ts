/** When one fault was. Epoch milliseconds. */
export interface Fault {
  readonly from: number
  /** Its cause was gone. */
  readonly gone: number
  /** What the broker had taken and the bridge had not acknowledged when the cause was gone. */
  readonly waiting: readonly string[]
}
