/** The TensorFlow that `espalier-engine install` installs. */
export const tensorflow = '2.21.0';

/** The tfjs whose binding it compiles, and that everything here is written for. */
export const tfjs = '4.22.0';

/**
 * Our own addon, for programs and clusters: another name for every `native/runtime.cc`, so that an install of another
 * version is completed. Machines of a cluster need the same.
 */
export const addon = 'runtime-4';

/** How to get native TensorFlow: first its JavaScript, without the script that downloads TensorFlow 2.9; then the library. */
export const npmCommand = `npm install --ignore-scripts @tensorflow/tfjs-node-gpu@${tfjs}`;
export const installCommand = 'npx espalier-engine install';
