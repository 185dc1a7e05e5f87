/**
 * What longer training would bring: fits loss = a + b epoch^-c to the first stage of a curve, whose rate is constant, and
 * gives the loss at its end if that stage, and with it the run, were longer by a factor. What later stages with falling
 * rates take off is taken to stay the same.
 *
 *     deno task figure:extrapolate CURVE.jsonl ...
 *
 * A curve's lines are those that `figure:iwae` prints: epoch, rate and the means over the train set in nats.
 */

type Point = { readonly epoch: number; readonly rate: number; readonly samples: number; readonly loss: number };

/** Epochs before this one are not of the law: the model learns the pixels' means first. */
const FROM = 20;

function read(path: string): Point[] {
  return Deno.readTextFileSync(path).trim().split("\n").map((line) => {
    const { epoch, rate, samples, train } = JSON.parse(line);
    return { epoch, rate, samples, loss: train.reconstruction + train.kl };
  });
}

/** Least squares in a and b for each c of a grid; the best of all. */
function fit(points: readonly Point[]): { a: number; b: number; c: number; error: number } {
  let best = { a: 0, b: 0, c: 0, error: Infinity };
  for (let c = 0.05; c < 2; c += 0.01) {
    const x = points.map(({ epoch }) => epoch ** -c), n = points.length;
    const [mx, my] = [x, points.map(({ loss }) => loss)].map((v) => v.reduce((sum, value) => sum + value, 0) / n);
    const b = x.reduce((sum, v, i) => sum + (v - mx) * (points[i].loss - my), 0) /
      x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
    const a = my - b * mx;
    const error = Math.sqrt(points.reduce((sum, { loss }, i) => sum + (loss - a - b * x[i]) ** 2, 0) / n);
    if (error < best.error) best = { a, b, c, error };
  }
  return best;
}

for (const path of Deno.args) {
  const points = read(path), first = points[0], end = points.at(-1)!;
  const stage = points.filter(({ epoch, rate, samples }) =>
    epoch >= FROM && rate === first.rate && samples === first.samples
  );
  const { a, b, c, error } = fit(stage), last = stage.at(-1)!.epoch, at = (epoch: number) => a + b * epoch ** -c;
  const longer = [1, 2, 4, 8].map((factor) => ({
    factor,
    epochs: end.epoch * factor,
    loss: Number((end.loss + at(last * factor) - at(last)).toFixed(2)),
  }));
  const [law, misfit] = [`${a.toFixed(2)} + ${b.toFixed(2)} epoch^-${c.toFixed(2)}`, Number(error.toFixed(3))];
  console.log(JSON.stringify({ path, law, misfit, end: Number(end.loss.toFixed(2)), longer }));
}
