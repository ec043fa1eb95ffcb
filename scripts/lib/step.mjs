/** One line for one piece of work: what it is, that it goes on, how it ended and how long it took. */
const { stdout } = process;
const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

/** Runs `work(onOutput)`. On a terminal the line is alive and shows the last thing that the work printed. */
export async function step(title, work) {
  const started = performance.now();
  const label = title.padEnd(32);
  let detail = '';
  const onOutput = (text) => {
    detail = text.trim().split('\n').at(-1)?.trim() || detail;
  };
  const draw = () => {
    const line = `${label} … ${seconds(started)}  ${detail}`;
    stdout.write(`\r\x1b[K${line.slice(0, (stdout.columns ?? 80) - 1)}`);
  };
  const timer = stdout.isTTY ? setInterval(draw, 100) : undefined;
  const end = (mark) => {
    clearInterval(timer);
    stdout.write(`${stdout.isTTY ? `\r\x1b[K${label}` : ''} ${mark} ${seconds(started)}\n`);
  };
  stdout.write(label);
  try {
    const result = await work(onOutput);
    end('✓');
    return result;
  } catch (error) {
    end('✗');
    throw error;
  }
}
