import type { RandomStream } from "../../core/random.js";
import { countClusters } from "../design/clusters.js";

/**
 * Draws people with replacement, as many as there are: how often each was drawn. Where people belong to clusters, whole
 * clusters are drawn, as many as there are, so that the number of people varies.
 * @param out - nPersons, overwritten: times drawn, in the order of the moments
 * @param clusters - cluster of each person, from 0; null: each person on their own
 * @param stream - random numbers
 * Source: Efron & Tibshirani (1993, section 6.2); clusters: Davison & Hinkley (1997, section 3.8, first strategy).
 */
export function drawPeople(out: Float64Array, clusters: Int32Array | null, stream: RandomStream): void {
  out.fill(0);
  if (clusters === null) {
    for (let draw = 0; draw < out.length; draw++) out[stream.integer(out.length)]!++;
    return;
  }
  const times = new Float64Array(countClusters(clusters));
  for (let draw = 0; draw < times.length; draw++) times[stream.integer(times.length)]!++;
  for (let i = 0; i < out.length; i++) out[i] = times[clusters[i]!]!;
}
