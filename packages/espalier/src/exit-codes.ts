/** What the commands end with. */
export const exitCodes = {
  done: 0,
  /** The experiment, the data, a file or a server does not allow it. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Ctrl-C; what a shell gives for it. */
  interrupted: 130,
} as const;
