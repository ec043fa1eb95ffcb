import type { Box } from './box.js';

/** A box as seen from an anchor: how far its middle is, in the anchor's sizes, and the logarithms of its own. */
export type BoxDeltas = readonly [right: number, down: number, logWidth: number, logHeight: number];

/** Logarithms of sizes go no further: a number that is too large shall not overflow. */
const LOG_LIMIT = Math.log(1000 / 16);

/** R. Girshick et al., "Rich feature hierarchies", CVPR 2014, appendix C, equations 6 to 9. */
export function deltasOf(box: Box, anchor: Box): BoxDeltas {
  return [
    (box.x + box.width / 2 - anchor.x - anchor.width / 2) / anchor.width,
    (box.y + box.height / 2 - anchor.y - anchor.height / 2) / anchor.height,
    Math.log(box.width / anchor.width),
    Math.log(box.height / anchor.height),
  ];
}

/** The box that `deltasOf` made these of: the same paper's equations 1 to 4. */
export function boxFrom([right, down, logWidth, logHeight]: BoxDeltas, anchor: Box): Box {
  const width = anchor.width * Math.exp(Math.min(logWidth, LOG_LIMIT));
  const height = anchor.height * Math.exp(Math.min(logHeight, LOG_LIMIT));
  return {
    x: anchor.x + anchor.width / 2 + right * anchor.width - width / 2,
    y: anchor.y + anchor.height / 2 + down * anchor.height - height / 2,
    width,
    height,
  };
}
