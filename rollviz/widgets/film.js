// Time: positions on the film, its two clocks, and histories. Pure functions.
//
// A position p is a float: the integer k is the picture at step k, step k begins at k - 0.5
// (rollviz/film.py says more). A history is [[p, value...], ...], ordered by p.

// The index of the last item whose key is <= x; -1 before the first.
export function lastIndex(list, x, key = (item) => item[0]) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(list[middle]) <= x) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

// The row of a history that holds at position p, or undefined before its first.
export function at(history, p) {
  return history[lastIndex(history, p)];
}

// The value of column `to` where column `from` is x, on the line through the points; flat beyond.
export function along(points, x, from = 0, to = 1) {
  const i = lastIndex(points, x, (point) => point[from]);
  if (i < 0) return points[0][to];
  if (i >= points.length - 1) return points.at(-1)[to];
  const part = (x - points[i][from]) / (points[i + 1][from] - points[i][from]);
  return points[i][to] + part * (points[i + 1][to] - points[i][to]);
}

const halves = (clock, p) => {
  const i = Math.min(Math.max(Math.floor(2 * p), 0), clock.length - 1);
  const next = Math.min(i + 1, clock.length - 1);
  return clock[i] + (2 * p - i) * (clock[next] - clock[i]);
};

// Seconds of the timeline, and of the film, at position p.
export const timeAt = (data, p) => halves(data.times, p);
export const secondsAt = (data, p) => halves(data.seconds, p);

// The position that the film has reached after so many seconds.
export function positionAt(data, seconds) {
  const clock = data.seconds;
  const i = lastIndex(clock, seconds, (value) => value);
  if (i >= clock.length - 1) return (clock.length - 1) / 2;
  return (i + (seconds - clock[i]) / (clock[i + 1] - clock[i])) / 2;
}

export const lastStep = (data) => data.steps.length - 1;

// The step that is being shown at position p: it began at half a position before.
export const stepAt = (p) => Math.floor(p + 0.5);

// The step at which something that happened at position p is on the picture.
export const stepAfter = (p) => Math.ceil(p);

// The next step, in either direction, at which a ReplicaSet was scaled; else the end.
export function decisionFrom(data, step, direction) {
  const end = direction > 0 ? lastStep(data) : 0;
  for (let k = step + direction; k !== end + direction; k += direction) {
    if (k < 0 || k > lastStep(data)) break;
    if (data.steps[k].decision) return k;
  }
  return end;
}

// Where a second lies on paper, 0 to 1; and the second that lies there.
export const placeOf = (scale, t) => along(scale, t);
export const secondOf = (scale, place) => along(scale, place, 1, 0);

// The silences that are drawn shorter than they were: [[from, to], ...] in seconds.
export function breaks(scale) {
  const whole = Math.max(...slopes(scale));
  return slopes(scale).flatMap((slope, i) => {
    const [from, to] = [scale[i][0], scale[i + 1][0]];
    return slope < whole / 2 && from < to ? [[from, to]] : [];
  });
}

const slopes = (scale) => scale.slice(1).map((point, i) =>
  (point[1] - scale[i][1]) / (point[0] - scale[i][0] || 1));

// How far a pod has come on its way to being ready, 0 to 1, or null where it never is.
// `row` is the index of its present row in `looks`.
export function progress(data, looks, row, t) {
  const shape = (i) => (looks[i][1] < 0 ? "" : data.looks[looks[i][1]][0]);
  let first = row;
  while (first > 0 && shape(first - 1) === "starting") first -= 1;
  let next = row + 1;
  while (next < looks.length && shape(next) === "starting") next += 1;
  if (next === looks.length || !["ready", "available"].includes(shape(next))) return null;
  const begin = timeAt(data, looks[first][0]);
  const end = timeAt(data, looks[next][0]);
  return end > begin ? Math.min(Math.max((t - begin) / (end - begin), 0), 1) : 1;
}

// "4.2 s", "75 s", "12 min 5 s": seconds as people say them.
export function spoken(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest ? ` ${rest} s` : ""}`;
}
