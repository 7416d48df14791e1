// A field above each long table, which leaves the rows that hold all of its words.
'use strict';

const LONG = 30; // rows

function filtered(table) {
  const rows = [...table.tBodies[0].rows];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const field = document.createElement('input');
  field.type = 'search';
  field.placeholder = field.ariaLabel = `Filter these ${rows.length} rows`;
  const count = document.createElement('output');
  field.addEventListener('input', () => {
    const words = field.value.toLowerCase().split(/\s+/);
    rows.forEach((row, at) => (row.hidden = !words.every((word) => texts[at].includes(word))));
    count.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length} rows`;
  });
  const box = document.createElement('div');
  box.className = 'filter';
  box.append(field, count);
  (table.closest('.table-wrapper') ?? table).before(box);
}

for (const table of document.querySelectorAll('table')) {
  if (table.tBodies[0]?.rows.length >= LONG) filtered(table);
}
