/**
 * The sequence of tags with the highest score.
 *
 * A. J. Viterbi, "Error bounds for convolutional codes", 1967.
 *
 * @param potentials [tokens, tag before, tag] in row-major order.
 */
export function viterbi(potentials: Float32Array, tokens: number, tags: number): number[] {
  let scores = potentials.slice(0, tags);
  const origins: Int32Array[] = [];
  for (let token = 1; token < tokens; token++) {
    const next = new Float32Array(tags).fill(Number.NEGATIVE_INFINITY);
    const origin = new Int32Array(tags);
    for (let before = 0; before < tags; before++) {
      const row = (token * tags + before) * tags;
      for (let tag = 0; tag < tags; tag++) {
        const score = scores[before] + potentials[row + tag];
        if (score <= next[tag]) continue;
        next[tag] = score;
        origin[tag] = before;
      }
    }
    scores = next;
    origins.push(origin);
  }
  const path = [scores.indexOf(Math.max(...scores))];
  for (const origin of origins.reverse()) path.unshift(origin[path[0]]);
  return path;
}
