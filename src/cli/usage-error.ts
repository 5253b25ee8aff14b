/** The command line was not understood. The message says what, and what would be. */
export class UsageError extends Error {}
