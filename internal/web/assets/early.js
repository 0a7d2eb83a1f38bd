// Runs before the page is painted, so that nothing changes before one's eyes: the colours that were
// chosen in this browser, and times as people say them, as soon as each arrives.
'use strict';
(() => {
	const root = document.documentElement;
	try {
		const theme = localStorage.getItem('theme');
		if (theme) root.dataset.theme = theme;
	} catch {} // storage is forbidden here: the system's colours

	const language = root.lang.replace(/^en$/, 'en-GB'); // the day before the month, as the server writes it
	const units = [['minute', 60], ['hour', 3600], ['day', 86400]];
	const format = options => new Intl.DateTimeFormat(language, options);
	const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto', style: 'short' });
	const exact = format({ dateStyle: 'full', timeStyle: 'short' });
	const day = format({ day: 'numeric', month: 'short' });
	const dayOfYear = format({ day: 'numeric', month: 'short', year: 'numeric' });

	const inWords = (then, now) => {
		const seconds = (then - now) / 1000;
		if (seconds > -45 && seconds < 120) return relative.format(0, 'second'); // clocks differ a little
		if (Math.abs(seconds) < 28 * 86400) {
			const [unit, size] = units.findLast(([, size]) => Math.abs(seconds) >= size) ?? units[0];
			return relative.format(Math.round(seconds / size), unit);
		}
		return (then.getFullYear() === now.getFullYear() ? day : dayOfYear).format(then);
	};
	const tell = time => {
		const then = new Date(time.dateTime), words = inWords(then, new Date());
		if (time.textContent === words) return;
		time.textContent = words;
		time.title = exact.format(then);
	};
	const tellAll = element => { for (const time of element.getElementsByTagName('time')) tell(time); };

	// Of each record, what arrived: an element with times in it, or the text of one.
	new MutationObserver(records => {
		for (const { target, addedNodes } of records) {
			if (target.localName === 'time') tell(target);
			for (const node of addedNodes) {
				if (node.localName === 'time') tell(node);
				else if (node.firstElementChild) tellAll(node);
			}
		}
	}).observe(root, { childList: true, subtree: true });
	setInterval(() => tellAll(document), 60_000);
})();
