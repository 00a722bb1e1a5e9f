const steps = 7

/** The step of color of a number: logarithmic, 0 for nothing at all. */
export const stepOf = (value: number, highest: number): number =>
  value <= 0
    ? 0
    : highest <= 1
      ? steps - 1
      : 1 + Math.min(steps - 2, Math.floor((Math.log(value) / Math.log(highest)) * (steps - 2) + 1e-9))
