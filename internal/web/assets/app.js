// What scripts add to every page: the choice of colours, keys, a look at the post that another
// answers, reactions in place. Without them everything works by links and forms.

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Makes an element: tag, properties, children. Text is never read as HTML. */
export function make(tag, properties = {}, ...children) {
	const element = Object.assign(document.createElement(tag), properties);
	element.append(...children);
	return element;
}

/** Fetches a page of this site and returns its document, null where that failed. */
export async function page(address, options) {
	try {
		const answer = await fetch(address, options);
		return new DOMParser().parseFromString(await answer.text(), 'text/html');
	} catch {
		return null;
	}
}

// Colours

function offerThemes(place) {
	const root = document.documentElement;
	const choose = theme => {
		if (theme) root.dataset.theme = theme; else delete root.dataset.theme;
		try {
			if (theme) localStorage.setItem('theme', theme); else localStorage.removeItem('theme');
		} catch {} // then for this page only
		for (const button of place.children) button.ariaPressed = String(button.value === theme);
	};
	for (const [theme, name] of [['light', 'Light'], ['dark', 'Dark'], ['', 'System']]) {
		place.append(make('button', { type: 'button', value: theme, onclick: () => choose(theme) }, name));
	}
	choose(root.dataset.theme ?? '');
}
offerThemes($('.themes'));

// Things that float above the page, one at a time

let floating = null;

export function sink() {
	floating?.remove();
	floating = null;
}

/** Shows content above the page, beside a rectangle of the window. */
export function float(content, beside, className = '') {
	sink();
	floating = make('div', { className: 'float ' + className }, content);
	document.body.append(floating);
	const box = floating.getBoundingClientRect(), gap = 6, edge = 8;
	const below = beside.bottom + gap + box.height < innerHeight || beside.top < box.height + gap;
	const left = Math.min(Math.max(beside.left, edge), Math.max(document.documentElement.clientWidth - box.width - edge, edge));
	floating.style.left = left + scrollX + 'px';
	floating.style.top = (below ? beside.bottom + gap : beside.top - gap - box.height) + scrollY + 'px';
	return floating;
}

addEventListener('pointerdown', event => { if (floating && !floating.contains(event.target)) sink(); });
addEventListener('keydown', event => { if (event.key === 'Escape') sink(); });
for (const menu of all('details.menu')) {
	addEventListener('pointerdown', event => { if (!menu.contains(event.target)) menu.open = false; });
	menu.addEventListener('keydown', event => {
		if (event.key === 'Escape' && menu.open) {
			menu.open = false;
			$('summary', menu).focus();
		}
	});
}

// The post that another answers, when its mention is pointed at or focused

async function postAt(link) {
	const number = link.textContent.match(/#(\d+)/)[1];
	const here = document.getElementById('p-' + number);
	if (here && link.hash) return here;
	const elsewhere = await page(link.href);
	return elsewhere && $(`#p-${number}`, elsewhere);
}

function peek(link) {
	let waiting = 0;
	const show = () => {
		waiting = setTimeout(async () => {
			const post = await postAt(link);
			if (!post || !waiting) return;
			const who = make('p', { className: 'facts' }, $('h2', post).textContent.trim());
			float(make('div', {}, who, document.importNode($('.text', post), true)), link.getBoundingClientRect(), 'peek');
		}, 250);
	};
	const hide = () => {
		clearTimeout(waiting);
		waiting = 0;
		if (floating?.classList.contains('peek')) sink();
	};
	link.addEventListener('pointerenter', event => { if (event.pointerType === 'mouse') show(); });
	link.addEventListener('focus', () => { if (link.matches(':focus-visible')) show(); });
	link.addEventListener('pointerleave', hide);
	link.addEventListener('blur', hide);
}
for (const link of all('.to')) peek(link);

// Reactions: the choice opens beside its button

for (const link of all('a.r')) {
	link.addEventListener('click', async event => {
		if (event.ctrlKey || event.metaKey || event.shiftKey) return;
		event.preventDefault();
		const offered = $('form.kinds', await page(link.href) ?? document);
		if (!offered) return location.assign(link.href);
		const form = document.importNode(offered, true);
		form.classList.remove('wide');
		for (const name of all('span:not([aria-hidden])', form)) {
			name.parentElement.title = name.textContent;
			name.parentElement.ariaLabel = name.textContent;
			name.remove();
		}
		float(form, link.getBoundingClientRect());
		$('button', form).focus();
	});
}

// Keys

const posts = all('.post');

/** The post one is at: the focused, else the first whose end can be seen. */
export function current() {
	const focused = document.activeElement.closest?.('.post');
	return focused ?? posts.find(post => post.getBoundingClientRect().bottom > 80);
}

function step(by) {
	if (!posts.length) return stepRow(by);
	const focused = posts.indexOf(document.activeElement.closest('.post'));
	const at = focused < 0 ? posts.indexOf(current()) - (by > 0 && scrollY > 40 ? 0 : by) : focused;
	const next = posts[at + by];
	if (!next) return follow(by > 0 ? '[rel=next]' : '[rel=prev]');
	for (const post of posts) post.classList.toggle('here', post === next);
	next.tabIndex = -1;
	next.focus({ preventScroll: true });
	next.scrollIntoView();
}

function stepRow(by) {
	const rows = all('.threads h2 a, .hits h2 a, .categories h2 a');
	const next = rows[rows.indexOf(document.activeElement) + by];
	(next ?? rows[0])?.focus();
}

const follow = (selector, root) => $(selector, root)?.click();

const keys = [
	['j', 'next post, or next in a list', () => step(1)],
	['k', 'the one before', () => step(-1)],
	['r', 'reply to this post', () => follow('.acts a[href*="reply="]', current()) ?? $('#reply textarea')?.focus()],
	['q', 'quote what is selected', () => dispatchEvent(new Event('quote'))],
	['e', 'edit this post', () => follow('.acts a[href$="/edit"]', current())],
	['+', 'react to this post', () => follow('.acts a.r', current())],
	['n', 'next page', () => follow('[rel=next]')],
	['p', 'page before', () => follow('[rel=prev]')],
	['g', 'go to a post by its number', () => $('.where input')?.focus()],
	['c', 'write: a reply, or a new thread', () => $('#reply textarea')?.focus() ?? follow('.head .button.main')],
	['/', 'search', () => $('.find input').focus()],
	['h', 'latest threads', () => follow('.home')],
	['?', 'these keys', () => help()],
];

function help() {
	const list = make('dl');
	for (const [key, what] of keys) list.append(make('dt', {}, make('kbd', {}, key)), make('dd', {}, what));
	const dialog = make('dialog', { ariaLabel: 'Keys', onclose: () => dialog.remove() },
		make('h2', {}, 'Keys'), list, make('button', { type: 'button', onclick: () => dialog.close() }, 'Close'));
	document.body.append(dialog);
	dialog.showModal();
}

addEventListener('keydown', event => {
	if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $('dialog[open]')) return;
	if (event.target.closest?.('input, textarea, select, [contenteditable]')) return;
	const known = keys.find(([key]) => key === event.key);
	if (!known) return;
	event.preventDefault();
	known[2]();
});
