const times = Number(process.env.XMPP_EDGE_FUZZ ?? 1);

/** How often a property about hostile input is tried: as usual, or by `npm run fuzz` so many times that. */
export const runs = (usual: number): number => Math.ceil(usual * times);
