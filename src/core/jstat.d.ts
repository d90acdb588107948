/** The part of jstat (which ships no types) that `distributions.ts` uses. */
declare module "jstat" {
  interface NormalDistribution {
    cdf(x: number, mean: number, standardDeviation: number): number;
    pdf(x: number, mean: number, standardDeviation: number): number;
  }
  const jstat: { readonly normal: NormalDistribution };
  export default jstat;
}
