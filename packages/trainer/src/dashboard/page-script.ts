/** What the page runs in the browser. Names come from the training and are set as text, never as HTML. */
export const PAGE_SCRIPT = `
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#8a6d00', '#555555'];
const charts = new Map();
let runs = [];

const source = new EventSource('/events' + location.search);
source.addEventListener('runs', ({ data }) => { runs = JSON.parse(data); connection('live', 'live'); draw(); });
source.addEventListener('run', ({ data }) => { const { place, run } = JSON.parse(data); runs[place] = run; draw(); });
source.addEventListener('end', () => { source.close(); connection('', 'the training has ended'); });
source.addEventListener('error', () => connection('lost', 'connection lost: has the training ended?'));

function connection(state, text) {
  const element = document.getElementById('connection');
  element.className = state;
  element.textContent = text;
}

function draw() {
  drawRuns();
  for (const task of namesOf((run) => run.tasks)) {
    chart('losses', task, runs.map((run) => ({ label: run.name, points: run.losses[task] })), true);
  }
  for (const task of namesOf((run) => Object.keys(run.metrics))) {
    for (const metric of namesOf((run) => Object.keys(run.metrics[task] ?? {}))) {
      chart('metrics', task + ': ' + metric, runs.map((run) => ({ label: run.name, points: run.metrics[task]?.[metric] })), false);
    }
  }
  for (const run of runs.filter(({ tasks }) => tasks.length > 1)) {
    chart('weights', run.name, run.tasks.map((task) => ({ label: task, points: run.weights[task] })), false);
  }
  chart('rate', '', runs.map((run) => ({ label: run.name, points: run.rate })), false);
  drawConflicts();
  drawExamples();
}

function namesOf(list) {
  return [...new Set(runs.flatMap(list))];
}

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function drawRuns() {
  document.querySelector('#runs tbody').replaceChildren(...runs.map(({ name, progress, rate, ended }) => {
    const row = document.createElement('tr');
    const { step = 0, steps = 1, epoch = 0, epochs = '' } = progress ?? {};
    const bar = element('progress', '', { max: steps, value: step, 'aria-label': name });
    const cell = document.createElement('td');
    cell.append(bar);
    const speed = ended ? 'ended' : rate.at(-1)?.[1].toFixed(1) ?? '';
    row.append(element('th', name, { scope: 'row' }), element('td', epoch + ' of ' + epochs), element('td', step + ' of ' + steps), cell, element('td', speed));
    return row;
  }));
}

function chart(group, title, lines, logarithmic) {
  const known = lines.filter(({ points }) => points?.length > 0);
  if (known.length === 0) return;
  const steps = [...new Set(known.flatMap(({ points }) => points.map(([step]) => step)))].sort((a, b) => a - b);
  const values = known.map(({ points }) => {
    const byStep = new Map(points);
    return steps.map((step) => byStep.get(step) ?? null);
  });
  const positive = values.flat().every((value) => value === null || value > 0);
  const distribution = logarithmic && positive ? 3 : 1;
  const kind = JSON.stringify([known.map(({ label }) => label), distribution]);
  const key = group + '/' + title;
  const drawn = charts.get(key);
  if (drawn?.kind === kind) return drawn.plot.setData([steps, ...values]);

  const holder = drawn?.holder ?? document.getElementById(group).appendChild(element('figure', '', { style: 'margin:0', role: 'img', 'aria-label': group + ' ' + title }));
  holder.replaceChildren(element('h3', title));
  document.getElementById(group).parentElement.hidden = false;
  const plot = new uPlot({
    width: 410, height: 230,
    scales: { x: { time: false }, y: { distr: distribution } },
    series: [{ label: 'step', value: (_, step) => step?.toFixed(0) ?? '' },
      ...known.map(({ label }, line) => ({ label, stroke: COLOURS[line % COLOURS.length], width: 2, spanGaps: true,
        points: { show: steps.length < 20 }, value: (_, value) => value?.toPrecision(4) ?? '' }))],
    axes: [{ size: 36 }, { size: 60 }],
  }, [steps, ...values], holder);
  charts.set(key, { kind, plot, holder });
}

function drawConflicts() {
  const known = runs.filter(({ cosines }) => cosines !== null);
  if (known.length === 0) return;
  document.getElementById('conflicts').replaceChildren(...known.map(({ name, tasks, cosines }) => {
    const figure = document.createElement('figure');
    const table = element('table', '', { class: 'heat' });
    const head = document.createElement('tr');
    head.append(element('th', ''), ...tasks.map((task) => element('th', task, { scope: 'col' })));
    table.append(head, ...cosines.map((row, place) => {
      const line = document.createElement('tr');
      line.append(element('th', tasks[place], { scope: 'row' }), ...row.map((value) => {
        const cell = element('td', value === null ? '–' : value.toFixed(2).replace('-', '−'));
        if (value !== null) cell.style.background = heat(value);
        return cell;
      }));
      return line;
    }));
    figure.style.margin = 0;
    figure.append(element('h3', name), table);
    return figure;
  }));
}

/** Orange for conflict, blue for agreement. */
function heat(value) {
  const [r, g, b] = value < 0 ? [230, 120, 40] : [60, 140, 200];
  const part = Math.abs(value);
  return 'rgb(' + [r, g, b].map((full) => Math.round(245 + part * (full - 245))).join(',') + ')';
}

let shown = '';
function drawExamples() {
  const html = runs.map(({ examples }) => examples).join('');
  if (html === shown) return;
  shown = html;
  const holder = document.getElementById('examples');
  // Made by the program that trains; the page's policy lets no script in it run.
  holder.innerHTML = html;
  holder.parentElement.hidden = html === '';
}
`;
