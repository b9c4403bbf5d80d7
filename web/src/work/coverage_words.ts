/** Why ground was not seen, as the ledger of coverage words it. */
export const REASONS: Record<string, readonly [string, string]> = {
  cloud: ["云遮挡", "cloud"],
  haze: ["薄雾遮挡", "haze"],
  shadow: ["深阴影", "deep shadow"],
  saturated: ["影像过曝", "glare"],
  nodata: ["影像缺失数据", "no data in the image"],
  no_image: ["无影像", "no image"],
  excluded: ["禁飞或涉密，不予采集", "excluded (no-fly or secret)"],
};
