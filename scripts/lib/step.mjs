/** One line for one piece of work: what it is, that it goes on, how it ended and how long it took. */
const { stdout } = process;
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Runs `work(onOutput)`. On a terminal the line is alive and shows the last thing that the work printed. */
export async function step(title, work) {
  const started = performance.now();
  const label = title.padEnd(36);
  let detail = '';
  const draw = () => {
    const line = `… ${label} ${seconds(started)}  ${detail}`;
    stdout.write(`\r\x1b[K${line.slice(0, (stdout.columns ?? 80) - 1)}`);
  };
  const onOutput = (text) => {
    detail = text.trim().split('\n').at(-1)?.trim() || detail;
  };
  const end = (mark) => {
    if (stdout.isTTY) stdout.write('\r\x1b[K');
    stdout.write(`${mark} ${label} ${seconds(started)}\n`);
  };
  const timer = stdout.isTTY ? setInterval(draw, 100) : undefined;
  try {
    const result = await work(onOutput);
    clearInterval(timer);
    end('✓');
    return result;
  } catch (error) {
    clearInterval(timer);
    end('✗');
    throw error;
  }
}
