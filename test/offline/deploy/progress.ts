/** Tells a run's steps as they end, each with its time. */
export class Progress {
  private readonly began: number;

  /**
   * @param print takes a line
   * @param now milliseconds of a clock that never goes back
   */
  constructor(
    private readonly print: (line: string) => void,
    private readonly now: () => number,
  ) {
    this.began = now();
  }

  /** @param work gives what the step showed, to be told beside it */
  async step<T extends { readonly shown: string } | string>(name: string, work: () => Promise<T>): Promise<T> {
    const since = this.now();
    const done = await work();
    const shown = typeof done === "string" ? done : done.shown;
    this.print(`${seconds(this.now() - since).padStart(8)}  ${name}${shown === "" ? "" : `: ${shown}`}`);
    return done;
  }

  /** Since the first moment, in words. */
  get total(): string {
    return seconds(this.now() - this.began);
  }
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
