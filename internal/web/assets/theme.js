// Runs before the page is painted: the colours that were chosen in this browser.
try {
	const theme = localStorage.getItem('theme');
	if (theme) document.documentElement.dataset.theme = theme;
} catch {} // storage is forbidden here: the system's colours
