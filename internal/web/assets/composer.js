// What scripts add to where people write: a toolbar, the preview in place, drafts kept in this
// browser until they are sent, answering and quoting without leaving the page.

const $ = (selector, root = document) => root.querySelector(selector);
const make = (tag, properties = {}, ...children) => {
	const element = Object.assign(document.createElement(tag), properties);
	element.append(...children);
	return element;
};

// The toolbar: GitHub's element does the work

const tools = [
	['md-bold', 'Bold', 'M7 5h6a3.5 3.5 0 0 1 0 7H7zM7 12h7a3.5 3.5 0 0 1 0 7H7z'],
	['md-italic', 'Italic', 'M10 5h8M6 19h8M14 5l-4 14'],
	['md-strikethrough', 'Struck', 'M4 12h16M16 7a4 4 0 0 0-4-2c-5 0-5 5-1 6.500M8 17a4 4 0 0 0 4 2c4 0 5-3 3.500-5'],
	['md-quote', 'Quote', 'M5 6v12M10 8h10M10 12h10M10 16h6'],
	['md-code', 'Code', 'M8 7l-5 5 5 5M16 7l5 5-5 5'],
	['md-link', 'Link', 'M10 14a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1.500 1.500M14 10a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1.500-1.500'],
	['md-unordered-list', 'List', 'M9 6h11M9 12h11M9 18h11M4.500 6h.010M4.500 12h.010M4.500 18h.010'],
	['md-ordered-list', 'Numbered list', 'M10 6h10M10 12h10M10 18h10M4 5l1.500-1v5M4 14.500c1-1.500 3-.500 2 1L4 18h2.500'],
	['md-task-list', 'Tasks', 'M4 5h5v5H4zM4 14h5v5H4zM13 7.500h7M13 16.500h7'],
];

function picture(path) {
	const namespace = 'http://www.w3.org/2000/svg';
	const svg = document.createElementNS(namespace, 'svg'), line = document.createElementNS(namespace, 'path');
	svg.setAttribute('viewBox', '0 0 24 24');
	svg.setAttribute('aria-hidden', 'true');
	line.setAttribute('d', path);
	svg.append(line);
	return svg;
}

function equip(area, place) {
	const toolbar = document.createElement('markdown-toolbar');
	toolbar.setAttribute('for', area.id);
	toolbar.setAttribute('aria-label', 'Format');
	for (const [tag, name, path] of tools) {
		const button = document.createElement(tag);
		button.setAttribute('aria-label', name);
		button.dataset.md = '';
		button.title = name;
		button.append(picture(path));
		toolbar.append(button);
	}
	place.append(toolbar);
}

// The preview: what the server would make of the text

function previewing(form, area, button) {
	const pane = make('div', { className: 'preview', hidden: true, tabIndex: -1 });
	pane.setAttribute('role', 'region');
	pane.setAttribute('aria-label', 'Preview');
	area.before(pane);
	let asked = 0;
	button.addEventListener('click', async event => {
		event.preventDefault();
		if (!pane.hidden) return back();
		const ask = ++asked;
		pane.style.minHeight = area.offsetHeight + 'px';
		pane.replaceChildren(make('span', { className: 'busy' }));
		show(true);
		const rendered = await rendering(button.formAction, area.value);
		if (ask === asked) pane.replaceChildren(...rendered);
	});
	const show = on => {
		pane.hidden = !on;
		area.hidden = on;
		button.textContent = on ? 'Write' : 'Preview';
		(on ? pane : area).focus();
	};
	const back = () => { asked++; show(false); };
	form.addEventListener('submit', () => { if (!pane.hidden) back(); }, { capture: true });
}

const wrong = text => make('p', { className: 'wrong' }, text);

/** The elements of the server's preview, or of what it says instead. */
async function rendering(address, body) {
	try {
		const answer = await fetch(address, { method: 'POST', body: new URLSearchParams({ body }) });
		const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
		const shown = [...$('.preview', page)?.children ?? [$('main .wrong', page) ?? $('main .lead', page) ?? wrong('The server gave no preview.')]];
		return shown.map(element => document.importNode(element, true));
	} catch {
		return [wrong('The server cannot be reached. Your text is kept in this browser.')];
	}
}

// Drafts. One is kept for each form, by where it goes, until the server says that it has the
// text: after accepting it, it names that address in a cookie.

const prefix = 'draft:';

function read(name) {
	try { return JSON.parse(localStorage.getItem(name)); } catch { return null; }
}

function write(name, draft) {
	try {
		if (draft) localStorage.setItem(name, JSON.stringify(draft)); else localStorage.removeItem(name);
		return true;
	} catch { return false; }
}

const typed = form => [...form.elements].filter(field => field.name && /^(text|textarea|select-one)$/.test(field.type));

function keeping(form, status) {
	const name = prefix + new URL(form.action).pathname;
	const fields = typed(form), first = state();
	function state() { return Object.fromEntries(fields.map(field => [field.name, field.value])); }
	const say = (text, ...buttons) => status.replaceChildren(text, ...buttons);
	const button = (text, act) => make('button', { type: 'button', onclick: act }, text);
	const put = values => {
		for (const field of fields) if (field.name in values) field.value = values[field.name];
	};
	const same = values => JSON.stringify(values) === JSON.stringify(state());
	const forget = () => { write(name, null); put(first); say(''); };
	const restore = draft => { put(draft.values); say('Your draft is back. ', button('Discard', forget)); };

	const draft = read(name);
	if (draft && !same(draft.values)) {
		if (JSON.stringify(draft.first) === JSON.stringify(first)) restore(draft);
		else say('This browser has another draft of yours. ', button('Put it here', () => restore(draft)), button('Discard', () => { write(name, null); say(''); }));
	}
	let later = 0;
	const keep = () => {
		clearTimeout(later);
		later = 0;
		const draft = { values: state(), first, at: Date.now() };
		if (same(first)) write(name, null);
		else say(write(name, draft) ? 'Kept in this browser.' : '');
	};
	form.addEventListener('input', () => { later ||= setTimeout(keep, 400); });
	form.addEventListener('submit', keep);
	addEventListener('pagehide', () => { if (later) keep(); });
}

function forgetSent() {
	const sent = document.cookie.match(/(?:^|; )sent=([^;]+)/)?.[1];
	try {
		for (const name of Object.keys(localStorage)) {
			if (!name.startsWith(prefix)) continue;
			const draft = read(name);
			if (!draft || name === prefix + sent || Date.now() - draft.at > 30 * 86_400_000) localStorage.removeItem(name);
		}
	} catch {} // no storage, no drafts
	if (sent) document.cookie = 'sent=; Path=/; Max-Age=0; SameSite=Strict';
}

// Answering and quoting

function insert(area, text) {
	area.focus();
	area.setSelectionRange(area.value.length, area.value.length);
	const start = area.value && !area.value.endsWith('\n\n') ? (area.value.endsWith('\n') ? '\n' : '\n\n') : '';
	if (!document.execCommand('insertText', false, start + text)) area.value += start + text; // the first can be undone
	area.dispatchEvent(new Event('input', { bubbles: true }));
}

function answering(form) {
	const heading = $('#reply h2');
	const answer = post => {
		const number = post.id.slice(2), name = $('h2', post).textContent.trim();
		form.elements.reply_to?.remove();
		$('.answered', form)?.remove();
		const excerpt = make('p', { dir: 'auto' }, $('.text', post).textContent.trim().slice(0, 240));
		const cancel = make('button', { type: 'button', onclick: () => { quote.remove(); field.remove(); heading.textContent = 'Reply'; } }, 'Answer the thread instead');
		const quote = make('blockquote', { className: 'answered' }, excerpt, make('p', { className: 'facts' }, make('span', {}, `#${number} by `, make('bdi', {}, name)), cancel));
		const field = make('input', { type: 'hidden', name: 'reply_to', value: number });
		form.prepend(field, quote);
		heading.textContent = 'Reply to post ' + number;
	};
	for (const link of document.querySelectorAll('.acts a[href*="reply="]')) {
		link.addEventListener('click', event => {
			if (event.ctrlKey || event.metaKey || event.shiftKey) return;
			event.preventDefault();
			answer(link.closest('.post'));
			$('#reply').scrollIntoView();
			$('textarea', form).focus({ preventScroll: true });
		});
	}
	quoting(form, answer);
}

function quoting(form, answer) {
	const button = make('button', { type: 'button', className: 'float main', hidden: true }, 'Quote');
	document.body.append(button);
	const selected = () => {
		const selection = getSelection();
		if (selection.isCollapsed || !selection.rangeCount) return null;
		const range = selection.getRangeAt(0), element = range.commonAncestorContainer;
		const text = (element.nodeType === Node.TEXT_NODE ? element.parentElement : element).closest('.post .text');
		return text && { text: selection.toString().trim(), post: text.closest('.post'), range };
	};
	const quote = () => {
		const found = selected();
		if (!found?.text) return;
		const quoted = found.text.split('\n').map(line => '> ' + line).join('\n');
		button.hidden = true;
		answer(found.post);
		$('#reply').scrollIntoView();
		insert($('textarea', form), quoted + '\n\n');
	};
	document.addEventListener('selectionchange', () => {
		const found = selected();
		button.hidden = !found?.text;
		if (button.hidden) return;
		const box = found.range.getBoundingClientRect();
		button.style.left = Math.max(box.left, 8) + scrollX + 'px';
		button.style.top = box.bottom + 6 + scrollY + 'px';
	});
	button.addEventListener('pointerdown', event => event.preventDefault()); // the selection stays
	button.addEventListener('click', quote);
	addEventListener('quote', quote);
}

forgetSent();
for (const composer of document.querySelectorAll('.composer')) {
	const form = composer.closest('form'), area = $('textarea', composer);
	equip(area, $('.tools', composer));
	previewing(form, area, $('[formaction^="/preview"]', composer));
	keeping(form, $('.draft', composer));
	area.addEventListener('keydown', event => {
		if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit($('button.main', composer));
	});
	if (form.closest('.thread')) answering(form);
}
