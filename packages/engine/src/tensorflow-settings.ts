interface Settings {
  TF_FORCE_GPU_ALLOW_GROWTH?: string | undefined;
  TF_CPP_MIN_LOG_LEVEL?: string | undefined;
  TF_ENABLE_ONEDNN_OPTS?: string | undefined;
}

/** What TensorFlow takes from its environment when it loads, where the user has not set it. */
export function setTensorFlow(logLevel: '2' | '3'): void {
  const settings: Settings = process.env;
  // Otherwise TensorFlow takes nearly all of a GPU's memory, and writes pages of log lines to stderr.
  settings.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  settings.TF_CPP_MIN_LOG_LEVEL ??= logLevel;
}

/**
 * TensorFlow uses oneDNN of itself on Intel's newer processors only. On AMD's, convolutions take half the time with it.
 * Only for where no signal comes in between: see `undisturbed` of the addon.
 */
export function useOneDnn(): void {
  const settings: Settings = process.env;
  if (process.arch === 'x64') settings.TF_ENABLE_ONEDNN_OPTS ??= '1';
}
