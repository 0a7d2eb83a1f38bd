// Puts rows in another order by a handle: dragged, or with the arrow keys. The buttons beside it
// do the same without scripts; what is sent is what they would send.

const make = (tag, properties, text) => Object.assign(document.createElement(tag), properties, text && { textContent: text });
const status = document.querySelector('.order-help');
const rows = list => [...list.children];
const order = list => rows(list).map(row => row.dataset.id).join(' ');

function send(row) {
	const form = row.querySelector('form');
	form.append(make('input', { type: 'hidden', name: 'order', value: order(row.parentElement) }));
	form.submit();
}

function put(row, index) {
	const list = row.parentElement, others = rows(list).filter(other => other !== row);
	list.insertBefore(row, others[index] ?? null);
}

for (const list of document.querySelectorAll('.ordered')) {
	if (list.children.length < 2) continue;
	for (const row of rows(list)) {
		const grip = make('button', { type: 'button', className: 'grip', ariaLabel: `Move ${row.dataset.name} with the arrow keys`, title: 'Drag, or use the arrow keys' }, '⠿');
		row.prepend(grip);
		let before = null;
		const begin = () => { before ??= rows(list).indexOf(row); };
		const stop = () => { before = null; row.classList.remove('moving'); };
		const keep = () => {
			const moved = before !== null && before !== rows(list).indexOf(row);
			stop();
			if (moved) send(row);
		};
		const undo = () => {
			if (before !== null) put(row, before);
			stop();
		};

		grip.addEventListener('pointerdown', event => {
			if (event.button) return;
			begin();
			row.classList.add('moving');
			grip.setPointerCapture(event.pointerId);
		});
		grip.addEventListener('pointermove', event => {
			if (!grip.hasPointerCapture(event.pointerId)) return;
			const above = rows(list).filter(other => other !== row && middle(other) < event.clientY).length;
			if (above !== rows(list).indexOf(row)) put(row, above);
		});
		grip.addEventListener('pointerup', keep);
		grip.addEventListener('pointercancel', undo);

		grip.addEventListener('keydown', event => {
			const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
			if (by) {
				event.preventDefault();
				begin();
				const at = rows(list).indexOf(row) + by;
				if (at < 0 || at >= list.children.length) return;
				put(row, at);
				row.classList.add('moving');
				grip.focus();
				status.textContent = `${row.dataset.name}: place ${at + 1} of ${list.children.length}. Enter keeps it, Escape puts it back.`;
			} else if (event.key === 'Escape') {
				undo();
				grip.focus();
				status.textContent = '';
			} else if (event.key === 'Enter') {
				event.preventDefault();
				keep();
			}
		});
	}
}

function middle(row) {
	const { top, height } = row.getBoundingClientRect();
	return top + height / 2;
}
